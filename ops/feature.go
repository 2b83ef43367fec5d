package ops

import (
	"fmt"
	"strconv"
	"strings"
)

// Feature names something that ClickHouse has since some version. Since when
// is written in package cluster alone.
type Feature string

// The features that rendering or planning asks for.
const (
	FeatureAddColumnFirst Feature = "ADD COLUMN FIRST"
	// FeatureAlterOnCluster: an ALTER of a Replicated table through ON CLUSTER is safe.
	FeatureAlterOnCluster     Feature = "ALTER of Replicated tables ON CLUSTER"
	FeatureIfExists           Feature = "ALTER … IF [NOT] EXISTS"
	FeatureIndexes            Feature = "data-skipping indexes"
	FeatureCodec              Feature = "CODEC"
	FeatureTableTTL           Feature = "TTL"
	FeatureColumnComment      Feature = "column COMMENT"
	FeatureTableComment       Feature = "table COMMENT"
	FeatureEphemeral          Feature = "EPHEMERAL columns"
	FeatureReplacingIsDeleted Feature = "ReplacingMergeTree is_deleted"
	FeatureModifyRemove       Feature = "MODIFY COLUMN … REMOVE"
	// FeatureModifyDefault: before it a default without a type changes the type
	// to its own, and a type without a default drops the default.
	FeatureModifyDefault Feature = "MODIFY COLUMN … DEFAULT without a type"

	FeatureRenameColumn      Feature = "RENAME COLUMN"
	FeatureClearColumn       Feature = "CLEAR COLUMN without a partition"
	FeatureMaterializeColumn Feature = "MATERIALIZE COLUMN"
	FeatureAddIndexFirst     Feature = "ADD INDEX FIRST"
	FeatureMaterializeIndex  Feature = "MATERIALIZE INDEX"
	FeatureClearIndex        Feature = "CLEAR INDEX"
	FeatureProjections       Feature = "projections"
	FeatureConstraints       Feature = "constraints"
	FeatureAssume            Feature = "ASSUME constraints"

	FeatureModifyTTL      Feature = "MODIFY TTL"
	FeatureRemoveTTL      Feature = "REMOVE TTL"
	FeatureMaterializeTTL Feature = "MATERIALIZE TTL"
	FeatureModifySetting  Feature = "MODIFY SETTING"
	FeatureResetSetting   Feature = "RESET SETTING"
	FeatureModifySampleBy Feature = "MODIFY SAMPLE BY"
	FeatureRemoveSampleBy Feature = "REMOVE SAMPLE BY"
	FeatureModifyComment  Feature = "MODIFY COMMENT"

	FeatureExchange          Feature = "EXCHANGE TABLES"
	FeatureDetachPermanently Feature = "DETACH … PERMANENTLY"
	FeatureReplaceView       Feature = "CREATE OR REPLACE VIEW"
	FeatureDropView          Feature = "DROP VIEW"
	FeatureModifyQuery       Feature = "MODIFY QUERY"
	FeatureRefreshableViews  Feature = "refreshable materialized views"
	FeatureRefreshAppend     Feature = "refreshable views with APPEND"
	FeatureSQLSecurity       Feature = "SQL SECURITY of views"

	FeatureDictionaries      Feature = "CREATE DICTIONARY"
	FeatureReplaceDictionary Feature = "CREATE OR REPLACE DICTIONARY"
	FeatureDictionaryComment Feature = "dictionary COMMENT"
	FeatureOverridable       Feature = "OVERRIDABLE keys of named collections"
	FeatureDatabaseComment   Feature = "database COMMENT"
	FeatureFunctions         Feature = "CREATE FUNCTION"
	FeatureNamedCollections  Feature = "named collections"
	FeatureAccess            Feature = "users and roles in SQL"

	FeatureMutationPartition Feature = "UPDATE and DELETE IN PARTITION"
	FeatureLightweightDelete Feature = "DELETE FROM"
	// FeatureLightweightDeletePartition is its IN PARTITION.
	FeatureLightweightDeletePartition Feature = "DELETE FROM … IN PARTITION"
	FeaturePartitionAll               Feature = "DROP and DETACH PARTITION ALL"
	FeatureAttachPartitionAll         Feature = "ATTACH PARTITION ALL"

	FeatureDeduplicateBy Feature = "OPTIMIZE … DEDUPLICATE BY"
	FeatureMovePartition Feature = "MOVE PARTITION TO TABLE"
	FeatureMoveToDisk    Feature = "MOVE PARTITION TO DISK"
	FeatureFreezeName    Feature = "FREEZE … WITH NAME"
	FeatureUnfreeze      Feature = "UNFREEZE"

	FeatureDistributedSettings Feature = "SETTINGS of a Distributed table"
	FeatureDistributedPolicy   Feature = "a storage policy of a Distributed table"
	FeatureKeeperMap           Feature = "the KeeperMap engine"
	FeatureS3                  Feature = "the S3 engine"
	FeatureKafkaSettings       Feature = "the Kafka engine with SETTINGS"

	// FeatureFormatQuery: the server says how it would write a statement, so that
	// definitions can be compared with what an author wrote.
	FeatureFormatQuery Feature = "formatQuery"
)

// Features lists every feature.
func Features() []Feature {
	return []Feature{
		FeatureAddColumnFirst, FeatureAlterOnCluster, FeatureIfExists, FeatureIndexes, FeatureCodec,
		FeatureTableTTL, FeatureColumnComment, FeatureTableComment, FeatureEphemeral, FeatureReplacingIsDeleted,
		FeatureModifyRemove, FeatureModifyDefault, FeatureRenameColumn, FeatureClearColumn, FeatureMaterializeColumn,
		FeatureAddIndexFirst, FeatureMaterializeIndex, FeatureClearIndex, FeatureProjections, FeatureConstraints, FeatureAssume,
		FeatureModifyTTL, FeatureRemoveTTL, FeatureMaterializeTTL, FeatureModifySetting, FeatureResetSetting,
		FeatureModifySampleBy, FeatureRemoveSampleBy, FeatureModifyComment, FeatureExchange,
		FeatureDetachPermanently, FeatureReplaceView, FeatureDropView, FeatureModifyQuery, FeatureRefreshableViews,
		FeatureRefreshAppend, FeatureSQLSecurity, FeatureDictionaries, FeatureReplaceDictionary,
		FeatureDictionaryComment, FeatureOverridable, FeatureDatabaseComment, FeatureFunctions, FeatureNamedCollections, FeatureAccess,
		FeatureMutationPartition, FeatureLightweightDeletePartition, FeaturePartitionAll, FeatureAttachPartitionAll,
		FeatureLightweightDelete, FeatureDeduplicateBy, FeatureMovePartition, FeatureMoveToDisk,
		FeatureFreezeName, FeatureUnfreeze, FeatureDistributedSettings,
		FeatureDistributedPolicy, FeatureKeeperMap, FeatureS3, FeatureKafkaSettings, FeatureFormatQuery,
	}
}

// Version is a ClickHouse version, such as 26.7.2. The zero value is unknown.
type Version struct{ Major, Minor, Patch int }

// ParseVersion reads what SELECT version() answers: "18.16.1", "26.7.2.1".
func ParseVersion(text string) (Version, error) {
	var v Version
	parts := strings.Split(strings.TrimSpace(text), ".")
	if len(parts) < 2 {
		return v, fmt.Errorf("version %q is not MAJOR.MINOR", text)
	}
	for i, field := range []*int{&v.Major, &v.Minor, &v.Patch} {
		if i >= len(parts) {
			break
		}
		digits, _, _ := strings.Cut(parts[i], "-")
		n, err := strconv.Atoi(digits)
		if err != nil {
			return Version{}, fmt.Errorf("version %q: %q is not a number", text, parts[i])
		}
		*field = n
	}
	return v, nil
}

// Less orders versions.
func (v Version) Less(o Version) bool {
	if v.Major != o.Major {
		return v.Major < o.Major
	}
	if v.Minor != o.Minor {
		return v.Minor < o.Minor
	}
	return v.Patch < o.Patch
}

func (v Version) String() string { return fmt.Sprintf("%d.%d.%d", v.Major, v.Minor, v.Patch) }
