package testcluster

import (
	"os"
	"os/exec"
	"strings"
	"testing"
)

// Need skips a test where a program is missing, by its name, or a file, by its path,
// and fails it with SKEIN_INTEGRATION=1: scripts/deps.sh installs them.
func Need(t *testing.T, what string) {
	t.Helper()
	var err error
	if strings.Contains(what, "/") {
		_, err = os.Stat(what)
	} else {
		_, err = exec.LookPath(what)
	}
	switch {
	case err == nil:
	case os.Getenv(gateVariable) == "1":
		t.Fatal(err)
	default:
		t.Skip(err)
	}
}
