-- Finds the administrators without reading every account, and people of one role in the order of their names.

CREATE INDEX user_account_by_role ON user_account (role, username_folded);
