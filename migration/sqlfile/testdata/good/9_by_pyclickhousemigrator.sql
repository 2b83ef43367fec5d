-- migrator:up
-- @stmt
CREATE TABLE IF NOT EXISTS users (id UInt64, name String) ENGINE = MergeTree ORDER BY id
	-- @stmt  
INSERT INTO users VALUES (1, 'hello; world')

-- migrator:down
