package cluster

import "github.com/skein-migrate/skein/ops"

// Since says since which version ClickHouse has each feature: the first release
// in which it is right for Replicated tables and through ON CLUSTER, not the
// first that has the syntax. It is by the changelog, with the pull request where
// one is named; where another source is, it says so. It is the one place where
// that is written.
func Since() map[ops.Feature]ops.Version {
	since := func(major, minor, patch int) ops.Version {
		return ops.Version{Major: major, Minor: minor, Patch: patch}
	}
	return map[ops.Feature]ops.Version{
		// Columns.
		ops.FeatureIfExists:          since(19, 1, 6),  // #3900
		ops.FeatureColumnComment:     since(19, 3, 6),  // 18.16 has them; right on Replicated tables from #4523 on
		ops.FeatureCodec:             since(19, 3, 6),  // the same: #3899, #4523
		ops.FeatureTableTTL:          since(19, 6, 2),  // #4212
		ops.FeatureModifyDefault:     since(20, 3, 2),  // #9227; 18.16 does both (seen)
		ops.FeatureRenameColumn:      since(20, 5, 2),  // #9948; on Distributed tables #10887
		ops.FeatureAddColumnFirst:    since(20, 6, 3),  // #12073
		ops.FeatureClearColumn:       since(20, 7, 2),  // 18.16 needs IN PARTITION (48, seen); an upper bound: #12951
		ops.FeatureModifyRemove:      since(20, 12, 5), // #14742 is 20.10.3; REMOVE TTL did nothing until #18130
		ops.FeatureMaterializeColumn: since(21, 12, 0), // #27038 is 21.10; fixes #31679, #32348
		ops.FeatureEphemeral:         since(22, 4, 0),  // #34424, #35706

		// Indexes, projections, constraints.
		ops.FeatureConstraints:      since(19, 14, 3), // #5273; that ALTER came with it is likely
		ops.FeatureIndexes:          since(20, 1, 2),  // 19.3 has them behind an experimental setting
		ops.FeatureAddIndexFirst:    since(21, 8, 0),  // #25904
		ops.FeatureMaterializeIndex: since(20, 11, 2), // with IN PARTITION #5053, 19.14; without by issue #17329
		ops.FeatureClearIndex:       since(20, 11, 2), // the same
		ops.FeatureAssume:           since(21, 12, 2), // #11749
		ops.FeatureProjections:      since(22, 2, 0),  // #34456 ended the experiment of 21.6

		// Clauses and settings of tables.
		ops.FeatureModifyTTL:      since(20, 1, 2),  // #4212 is 19.6; right on Replicated tables from #8318 on
		ops.FeatureMaterializeTTL: since(20, 4, 2),  // #8775, IN PARTITION #9581
		ops.FeatureModifySampleBy: since(20, 8, 2),  // #13280
		ops.FeatureRemoveTTL:      since(20, 12, 5), // #14742 is 20.10.3; it did nothing until #18130
		ops.FeatureModifySetting:  since(19, 14, 3), // #6366; sent to each replica
		ops.FeatureResetSetting:   since(21, 8, 3),  // #17769; sent to each replica
		ops.FeatureTableComment:   since(21, 6, 3),  // #23548
		ops.FeatureRemoveSampleBy: since(21, 11, 2), // #30180
		ops.FeatureModifyComment:  since(23, 9, 0),  // #29264 is 21.11; of what was before #51304 it says "did not work at all"

		// Tables and views.
		ops.FeatureExchange:          since(20, 10, 3), // #7512 is 20.4; Atomic databases are the default from #15003 on
		ops.FeatureDetachPermanently: since(21, 1, 2),
		ops.FeatureReplaceView:       since(19, 5, 2),  // #4654
		ops.FeatureDropView:          since(20, 4, 2),  // #9831; before it DROP TABLE drops views
		ops.FeatureModifyQuery:       since(23, 11, 0), // #57311 ended the experiment of 20.3
		ops.FeatureSQLSecurity:       since(24, 2, 0),  // #54901, #60439
		ops.FeatureRefreshAppend:     since(24, 10, 0), // in 24.9 with the experiment
		ops.FeatureRefreshableViews:  since(24, 10, 0), // #56946 is 23.12; no experiment from here on (system.settings_changes)

		// Dictionaries, databases, functions, named collections, access.
		ops.FeatureDictionaries:      since(20, 4, 2),  // #7360 is 19.17; ON CLUSTER #8163, layouts #10064
		ops.FeatureReplaceDictionary: since(21, 8, 3),  // #25444, release by its date
		ops.FeatureDictionaryComment: since(21, 11, 2), // #29899
		ops.FeatureOverridable:       since(23, 11, 0), // #55782
		ops.FeatureDatabaseComment:   since(21, 11, 2), // #29429
		ops.FeatureFunctions:         since(21, 11, 2), // #27796 is 21.10; ON CLUSTER #30734
		ops.FeatureNamedCollections:  since(23, 8, 0),  // in effect from 23.3; ON CLUSTER #52687
		ops.FeatureAccess:            since(20, 6, 3),  // 20.4.2 has them; system.users 20.5.2, IF NOT EXISTS #12646

		// Rows and partitions.
		ops.FeatureMoveToDisk:        since(19, 15, 4), // tiered storage
		ops.FeatureMovePartition:     since(20, 8, 2),  // #4729 is 20.3; a deadlock until #13626
		ops.FeatureDeduplicateBy:     since(21, 1, 2),  // #17846
		ops.FeatureUnfreeze:          since(21, 4, 1),  // #21142
		ops.FeatureFreezeName:        since(18, 16, 0), // seen on 18.16
		ops.FeatureLightweightDelete: since(23, 3, 0),  // #37893 is 22.8, behind a setting

		ops.FeatureMutationPartition:          since(20, 12, 3), // 62 on 18.16 (seen); an upper bound
		ops.FeaturePartitionAll:               since(22, 5, 0),  // #35794; its text in queues #35987; releases by date
		ops.FeatureAttachPartitionAll:         since(24, 4, 0),  // #61107, release by its date
		ops.FeatureLightweightDeletePartition: since(24, 9, 0),  // an upper bound

		// Engines.
		ops.FeatureKafkaSettings:       since(18, 10, 3),
		ops.FeatureS3:                  since(20, 1, 2), // #5596 is 19.15; with keys #7623
		ops.FeatureDistributedPolicy:   since(20, 5, 2), // #8756, an upper bound
		ops.FeatureDistributedSettings: since(21, 1, 2), // #18864
		ops.FeatureKeeperMap:           since(22, 9, 0), // #39976
		ops.FeatureReplacingIsDeleted:  since(23, 2, 0), // #41005

		// The servers' own ways. On 18.16 two replicas that race for an ALTER in the
		// queue were seen to end the loser's DDL worker ("Node exists … Terminating")
		// until its server is restarted. #3904 (19.1.6) mends the race; a worker that
		// ended starts again by itself from #18285 on.
		ops.FeatureAlterOnCluster: since(21, 2, 2),
		ops.FeatureFormatQuery:    since(23, 10, 0), // system.functions.introduced_in
	}
}

// explainsSince is since when a server parses a statement without running it, by
// EXPLAIN AST: an upper bound; 18.16 has not (62, seen). No operation asks for it.
func explainsSince() ops.Version { return ops.Version{Major: 20, Minor: 8, Patch: 2} }

// altersTemporarySince is since when a temporary table has any engine, and can be
// altered: an upper bound. Servers before it have it as a Memory, which cannot.
func altersTemporarySince() ops.Version { return ops.Version{Major: 23, Minor: 3, Patch: 0} }
