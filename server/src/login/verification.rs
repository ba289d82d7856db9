//! Whether an e-mail address is really that of the person who gives it: a mail to it carries a link, and only the link makes
//! the address count.

use super::throttle::Bucket;
use crate::clock::Timestamp;
use crate::db::{Db, Tx};
use crate::http::problem::Problem;
use crate::identity::CurrentUser;
use crate::links::{Draft, Links};
use crate::mail::{Letter, Message, Outbox};
use crate::sessions::queries as sessions;
use crate::users::queries as users;

/// Has addresses verified, where mails are sent.
#[derive(Clone, Debug)]
pub struct Verifier {
    db: Db,
    links: Links,
    outbox: Outbox,
}

/// A link and the mails that go with it, to be stored in the transaction that they belong to.
#[derive(Debug)]
pub(super) struct Verification<'a> {
    link: Draft<'a>,
    letters: Vec<Letter>,
}

impl Verifier {
    /// By mails through `outbox`.
    #[must_use]
    pub fn new(db: Db, links: Links, outbox: Outbox) -> Self {
        Self { db, links, outbox }
    }

    /// Whether a new address counts only once it is verified.
    pub(super) fn is_needed(&self) -> bool {
        self.outbox.is_open()
    }

    /// Begins to verify that `email` is the address of the person `user_id`.
    ///
    /// Whether somebody has it already is between us and who reads mails there: the answer, and the work, are the same.
    ///
    /// # Errors
    /// 422 where no mail can be sent there, and those of the database.
    pub(super) async fn begin<'a>(
        &self,
        user_id: &'a str,
        email: &'a str,
        now: Timestamp,
    ) -> Result<Verification<'a>, Problem> {
        self.outbox.check(email)?;
        // Whoever has filled this bucket is not to keep its owner from registering: no mail is sent, and nothing is said.
        let may_mail = Bucket::of_verifications(email).take(&self.db, now).await?;
        let link = self.links.verification(user_id, email, now);
        let owner = users::find_by_name(&self.db, email).await?.filter(|owner| owner.id != user_id);
        let letter = if let Some(owner) = owner {
            self.outbox.letter(&owner.id, email, Message::AddressTaken, now)
        } else {
            let shown = self.links.show(&link);
            let message = Message::AddressVerification { url: &shown.url, expires_at: shown.expires_at };
            self.outbox.letter(user_id, email, message, now)
        };
        Ok(Verification { link, letters: letter.filter(|_| may_mail).into_iter().collect() })
    }

    /// Begins to verify another address of a person, and tells the one they have.
    ///
    /// # Errors
    /// Those of [`Self::begin`], and 429 where the person has asked for too many.
    pub(super) async fn begin_change<'a>(
        &self,
        user: &'a CurrentUser,
        email: &'a str,
        now: Timestamp,
    ) -> Result<Verification<'a>, Problem> {
        self.outbox.check(email)?;
        Bucket::of_changes(&user.id).must_take(&self.db, now).await?;
        let mut verification = self.begin(&user.id, email, now).await?;
        let notice = Message::AddressChange { username: &user.username };
        let letter = user.email.as_deref().and_then(|email| self.outbox.letter(&user.id, email, notice, now));
        verification.letters.extend(letter);
        Ok(verification)
    }

    /// Tells the address that a person has that it is theirs no more.
    pub(super) fn notice_of_removal(&self, user: &CurrentUser, now: Timestamp) -> Option<Letter> {
        let email = user.email.as_deref()?;
        self.outbox.letter(&user.id, email, Message::AddressRemoval { username: &user.username }, now)
    }

    /// Has the mails sent, after the transaction that stored them.
    pub(super) fn wake(&self) {
        self.outbox.wake();
    }
}

impl Verification<'_> {
    /// Stores the link and the mails.
    pub(super) async fn insert(&self, tx: &mut Tx) -> Result<(), sqlx::Error> {
        self.link.insert(tx).await?;
        for letter in &self.letters {
            // Who has the address may have left meanwhile.
            if sessions::lock_person(tx, letter.user_id()).await? {
                letter.insert(tx).await?;
            }
        }
        Ok(())
    }
}
