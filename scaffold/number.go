package scaffold

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/skein-migrate/skein/migration"
)

// stamp is how timestamps are written: 20261120101500.
const stamp = "20060102150405"

// NextNumber is the number that the next migration begins with, behind those that a
// group has: one more, as wide as the last, or the time of now where the last is a
// timestamp or one is asked for. sequential is what the group says.
func NextNumber(ids []string, timestamp, sequential bool, now time.Time) (string, error) {
	var last uint64
	digits := "000"
	for _, id := range ids {
		number, ok := migration.Number(id)
		if !ok {
			return "", fmt.Errorf("%s begins with no number: nobody knows which comes behind it; number the migrations of the group first", id)
		}
		if number >= last {
			last = number
			digits, _, _ = strings.Cut(id, "_")
		}
	}
	if timestamp && sequential {
		return "", fmt.Errorf("the group is sequential, and a timestamp leaves a gap: leave --timestamp out")
	}
	if !timestamp && !isTimestamp(digits) || sequential {
		return fmt.Sprintf("%0*d", max(len(digits), 4), last+1), nil
	}
	if isTimestamp(digits) && len(digits) != len(stamp) && !timestamp {
		return "", fmt.Errorf("the last number, %s, is neither one of a sequence nor a timestamp as 20261120101500: say --timestamp", digits)
	}
	next := now.UTC().Format(stamp)
	number, err := strconv.ParseUint(next, 10, 64)
	if err != nil {
		return "", err
	}
	if number <= last {
		return strconv.FormatUint(last+1, 10), nil // of this second, or of a clock that was ahead
	}
	return next, nil
}

// isTimestamp tells a timestamp from a sequential number, by its length.
func isTimestamp(digits string) bool { return len(digits) >= 10 && digits[0] != '0' }
