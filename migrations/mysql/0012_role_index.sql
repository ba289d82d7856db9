-- Finds the administrators without reading every account, and people of one role in the order of their names. MySQL has no
-- CREATE INDEX IF NOT EXISTS, and this must be able to run again.

SET @hallpass_ddl = IF(
    (SELECT COUNT(*) FROM information_schema.statistics
     WHERE table_schema = DATABASE() AND table_name = 'user_account' AND index_name = 'user_account_by_role') = 0,
    'CREATE INDEX user_account_by_role ON user_account (role, username_folded)',
    'DO 0'
);
PREPARE hallpass_ddl FROM @hallpass_ddl;
EXECUTE hallpass_ddl;
DEALLOCATE PREPARE hallpass_ddl;
