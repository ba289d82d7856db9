//! How our own types are stored.

/// Stores an enum as the word that serde calls it: plain text, the same in every database.
#[macro_export]
macro_rules! stored_as_text {
    ($enum:ty) => {
        impl std::fmt::Display for $enum {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                serde::Serialize::serialize(self, f)
            }
        }

        impl<D: sqlx::Database> sqlx::Type<D> for $enum
        where
            String: sqlx::Type<D>,
        {
            fn type_info() -> D::TypeInfo {
                <String as sqlx::Type<D>>::type_info()
            }

            fn compatible(column: &D::TypeInfo) -> bool {
                <String as sqlx::Type<D>>::compatible(column)
            }
        }

        impl<'r, D: sqlx::Database> sqlx::Decode<'r, D> for $enum
        where
            &'r str: sqlx::Decode<'r, D>,
        {
            fn decode(value: D::ValueRef<'r>) -> Result<Self, sqlx::error::BoxDynError> {
                use serde::de::IntoDeserializer;
                use serde::de::value::{Error, StrDeserializer};

                let word: StrDeserializer<'_, Error> =
                    <&str as sqlx::Decode<'r, D>>::decode(value)?.into_deserializer();
                Ok(<Self as serde::Deserialize>::deserialize(word)?)
            }
        }

        impl<'q, D: sqlx::Database> sqlx::Encode<'q, D> for $enum
        where
            String: sqlx::Encode<'q, D>,
        {
            fn encode_by_ref(
                &self,
                buffer: &mut D::ArgumentBuffer,
            ) -> Result<sqlx::encode::IsNull, sqlx::error::BoxDynError> {
                <String as sqlx::Encode<'q, D>>::encode(self.to_string(), buffer)
            }
        }
    };
}
