-- skein:up
-- @stmt
SELECT
  1
-- migrator:down
-- @stmt
