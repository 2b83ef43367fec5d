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
)

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
