package ops

import (
	"errors"
	"strings"
)

const allPartitions = "ALL"

// alterPartition renders an ALTER of one partition: verb is such as "DROP", tail
// what follows the partition.
func alterPartition(t Table, verb, partition, tail string) Statement {
	command := joinSet(" ", verb+" PARTITION "+partition, tail)
	return alter(t, verb+" PARTITION "+shown(partition), command)
}

// checkOnePartition checks an operation on a stored partition that must be named.
func checkOnePartition(t Table, partition string) error {
	if err := t.checkStored(); err != nil {
		return err
	}
	if strings.TrimSpace(partition) == "" {
		return errors.New(`no partition: set Partition to "202601", "ID '202601'" or the like`)
	}
	return checkPartitionText(partition)
}

func isAll(partition string) bool {
	return strings.EqualFold(strings.TrimSpace(partition), allPartitions)
}

// checkPartition refuses ALL where servers do (344), and says what to do.
func checkPartition(partition, instead string) error {
	if isAll(partition) {
		return errors.New("servers take no PARTITION ALL here: " + instead)
	}
	return checkPartitionText(partition)
}

// besides checks a second table that must be on the same nodes as the first. It is
// at the first one's place if it names none.
func (t Table) besides(other Table, field string) (Table, error) {
	second := placed([]Table{other}, t.Place)[0]
	if err := second.check(); err != nil {
		return second, errors.New("its " + field + ": " + err.Error())
	}
	switch {
	case second == t:
		return second, errors.New(field + " is the same table: name another")
	case second.Place != t.Place:
		return second, errors.New(field + " is at another place: set the same storage set and target")
	}
	return second, nil
}
