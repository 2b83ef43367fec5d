package cli

import (
	"fmt"
	"runtime"
	"runtime/debug"

	"github.com/spf13/cobra"
)

func (a *app) versionCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "version",
		Short: "The version of this program, its commit and the commit's date",
		Long: `version prints the version, the first letters and the time of the commit that
the program was built from, and the Go version. What was built without git has
no commit. A version that ends in +dirty had changes that were not committed.`,
		Args: exactly(0, "no arguments"),
		RunE: func(cmd *cobra.Command, _ []string) error {
			info, _ := debug.ReadBuildInfo()
			fmt.Fprintf(cmd.OutOrStdout(), "skein %s %s %s/%s\n", buildVersion(info), runtime.Version(), runtime.GOOS, runtime.GOARCH)
			return nil
		},
	}
}

// buildVersion is the main module's version with its commit, from what the go
// command wrote into the program: nothing is handed in with -ldflags, so that a
// plain `go build` and `go install` say the same. info may be nil.
func buildVersion(info *debug.BuildInfo) string {
	if info == nil {
		return "unknown"
	}
	version := info.Main.Version
	if version == "" || version == "(devel)" {
		version = "devel"
	}
	written := map[string]string{}
	for _, setting := range info.Settings {
		written[setting.Key] = setting.Value
	}
	commit := written["vcs.revision"]
	if commit == "" {
		return version
	}
	return fmt.Sprintf("%s (%s, %s)", version, commit[:min(12, len(commit))], written["vcs.time"])
}
