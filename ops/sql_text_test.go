package ops

import "testing"

func TestAPartitionIsOneAndNothingElse(t *testing.T) {
	for _, text := range []string{
		"", "202601", "'2026-01-05'", "('a, b', 1)", "ID '20;26--01'", "tuple()", "ALL", "toYYYYMM(toDate('2026-01-01'))", `'it\'s'`,
	} {
		if err := checkPartitionText(text); err != nil {
			t.Errorf("%s: %v", text, err)
		}
	}
	for _, text := range []string{
		"202601, DROP PARTITION 202602", "202601 WHERE 1 --", "202601; DROP TABLE t", "202601 /* ", "(1", "1)", "'open", "202601 where 1",
	} {
		if err := checkPartitionText(text); err == nil {
			t.Errorf("%s is taken", text)
		}
	}
}
