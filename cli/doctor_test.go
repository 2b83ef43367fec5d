package cli

import (
	"bytes"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/skein-migrate/skein/doctor"
)

// What a hundred nodes say of one ZooKeeper is one finding to read.
func TestDoctorTellsOfNodesThatAreAlikeTogether(t *testing.T) {
	of := func(node, found, do string) doctor.Finding {
		return doctor.Finding{Check: "coordination", Severity: doctor.Error, Cluster: "dev", Node: node, Found: found, Do: do}
	}
	var out bytes.Buffer
	printFindings(&out, []doctor.Finding{
		of("ch-1:9000", "cannot reach ZooKeeper", "Start it"), of("ch-2:9000", "cannot reach ZooKeeper", "Start it"),
		of("ch-3:9000", "session expired", "Wait"), of("", "the lock cannot be reached", "Start it"), of("", "the lock cannot be reached", "Start it"),
	})
	want := `error     coordination       dev  ch-1:9000, ch-2:9000  cannot reach ZooKeeper
                             -> Start it
error     coordination       dev  ch-3:9000  session expired
                             -> Wait
error     coordination       dev  the lock cannot be reached
                             -> Start it
error     coordination       dev  the lock cannot be reached
                             -> Start it
5 errors, 0 warnings; 0 checks fine
`
	if diff := cmp.Diff(want, out.String()); diff != "" {
		t.Error(diff)
	}
}
