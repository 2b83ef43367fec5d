package cli

import (
	"runtime/debug"
	"testing"
)

func TestBuildVersion(t *testing.T) {
	built := func(version string, settings ...debug.BuildSetting) *debug.BuildInfo {
		return &debug.BuildInfo{Main: debug.Module{Version: version}, Settings: settings}
	}
	revision := debug.BuildSetting{Key: "vcs.revision", Value: "954575cbe3e3fb4aad664a874d9d7e0515ed22fb"}
	at := debug.BuildSetting{Key: "vcs.time", Value: "2026-11-21T11:15:14Z"}
	for name, test := range map[string]struct {
		info *debug.BuildInfo
		want string
	}{
		"a release":         {built("v0.3.0", revision, at), "v0.3.0 (954575cbe3e3, 2026-11-21T11:15:14Z)"},
		"go install":        {built("v0.3.0"), "v0.3.0"},
		"a test":            {built("(devel)"), "devel"},
		"without a version": {built("", revision, at), "devel (954575cbe3e3, 2026-11-21T11:15:14Z)"},
		"a short commit":    {built("v1.0.0", debug.BuildSetting{Key: "vcs.revision", Value: "9545"}, at), "v1.0.0 (9545, 2026-11-21T11:15:14Z)"},
		"without modules":   {nil, "unknown"},
	} {
		if have := buildVersion(test.info); have != test.want {
			t.Errorf("%s: %q, want %q", name, have, test.want)
		}
	}
}
