package preview_test

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/skein-migrate/skein/integration/testcluster"
)

// bashCompletion is where the package has what its scripts need.
const bashCompletion = "/usr/share/bash-completion/bash_completion"

// Each shell completes groups and IDs out of files, with the script of its own.
func TestShellsComplete(t *testing.T) {
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	for shell, start := range map[string]string{
		"bash": "bash --norc --noprofile -c 'exec bash --rcfile %[1]s/rc -i'",
		"zsh":  "ZDOTDIR=%[1]s zsh -i",
		"fish": "HOME=%[1]s fish --no-config -i -C 'source %[1]s/rc'",
	} {
		t.Run(shell, func(t *testing.T) {
			testcluster.Need(t, shell)
			if shell == "bash" { // cobra's script needs it
				testcluster.Need(t, bashCompletion)
			}
			dir := t.TempDir()
			rc := map[string]string{
				"bash": ". " + bashCompletion + "\nsource <(skein completion bash)\n",
				"zsh":  "autoload -U compinit; compinit -u -D\nsource <(skein completion zsh)\n",
				"fish": "skein completion fish | source\n",
			}[shell]
			p := &project{t: t, dir: dir}
			p.write("rc", rc)
			p.write(".zshrc", rc)
			p.write("skein.yaml", "clusters: [{name: main, hosts: [\"ch-1:9000\", \"ch-2:9000\"], cluster_name: main, storage_sets: [events]}]\n"+
				"coordination: {lock: none}\ngroups: [{name: events, dir: events}]\n")
			p.file("events/0001_create.yaml", table("d_local"))
			p.file("events/0002_more.yaml", table("d2_local"))
			if err := os.Symlink(self, filepath.Join(dir, "skein")); err != nil {
				t.Fatal(err)
			}
			term := open(t, fmt.Sprintf("cd %[1]s; export %[2]s=1 PATH=%[1]s:$PATH PS1='$ '; "+start, dir, asSkein))
			for _, line := range []struct{ typed, want string }{
				{"skein migrate --group ev", "skein migrate --group events"},
				{"skein show events 0002", "skein show events 0002_more"},
				{"skein resume --without ch-2", "skein resume --without ch-2:9000"},
			} {
				term.types("-l", line.typed)
				term.types("Tab")
				term.shows(line.want)
				term.types("C-u")
			}
		})
	}
}
