-- @blocking
-- @irreversible "the rows are gone; \"why\""
-- skein:up
-- @stmt target=local scope=one-per-replica-set storage_set=events timeout=2h
ALTER TABLE {db}.events_local DELETE WHERE project_id = 0
-- skein:down
