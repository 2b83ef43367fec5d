package rig

import (
	"context"
	"fmt"
	"os"
	"os/exec"

	"github.com/skein-migrate/skein/integration/peertool"
)

// releaseFlags are those with which scripts/release.sh builds; a test compares them.
// -buildvcs is not among them: what is measured need not be committed.
func releaseFlags() []string {
	return []string{"-trimpath", "-tags", "grpcnotrace", "-ldflags", "-s -w"}
}

func build(ctx context.Context, path string) error {
	root, err := peertool.Root(ctx)
	if err != nil {
		return err
	}
	args := append(append([]string{"build"}, releaseFlags()...), "-o", path, "./cmd/skein")
	cmd := exec.CommandContext(ctx, "go", args...)
	cmd.Dir, cmd.Env = root, append(os.Environ(), "CGO_ENABLED=0", "GOFLAGS=")
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("build skein: %w\n%s", err, out)
	}
	return nil
}
