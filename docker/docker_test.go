// Package docker_test checks what can be checked of files for containers where there
// are no containers.
package docker_test

import (
	"debug/buildinfo"
	"debug/elf"
	"encoding/xml"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"

	"github.com/skein-migrate/skein/cli"
	"github.com/skein-migrate/skein/config"
)

// image is one with a version that is not "latest", or a digest.
var image = regexp.MustCompile(`^[a-z0-9./-]+(:v?\d+(\.\d+)+[\w.-]*|@sha256:[0-9a-f]{64})$`)

// service is what the test looks at of a service of compose.yaml.
type service struct {
	Image       string
	Hostname    string
	User        string
	ReadOnly    bool `yaml:"read_only"`
	Build       struct{ Context, Dockerfile, Target string }
	Environment map[string]string
	Ports       []string
	Volumes     []string
	CapDrop     []string `yaml:"cap_drop"`
	Command     []string
}

func compose(t *testing.T) map[string]service {
	t.Helper()
	var file struct{ Services map[string]service }
	if err := yaml.Unmarshal(read(t, "compose.yaml"), &file); err != nil {
		t.Fatal(err)
	}
	return file.Services
}

func read(t *testing.T, name string) []byte {
	t.Helper()
	text, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return text
}

func TestTheClusterIsTwoByTwoWithThreeKeepers(t *testing.T) {
	keepers, nodes := map[string]bool{}, map[string]bool{}
	for name, s := range compose(t) {
		switch {
		case strings.Contains(s.Image, "clickhouse-keeper"):
			keepers[s.Environment["KEEPER_ID"]] = true
		case strings.Contains(s.Image, "clickhouse-server"):
			nodes[s.Environment["SHARD"]+" "+s.Environment["REPLICA"]] = true
		}
		if s.Image != "" && s.Hostname != name {
			t.Errorf("%s calls itself %s: the others know it by the name of its service", name, s.Hostname)
		}
	}
	for _, want := range []string{"1", "2", "3"} {
		if !keepers[want] || len(keepers) != 3 {
			t.Errorf("the Keepers are %v", keepers)
		}
	}
	for _, want := range []string{"1 s1r1", "1 s1r2", "2 s2r1", "2 s2r2"} {
		if !nodes[want] || len(nodes) != 4 {
			t.Errorf("the nodes are %v", nodes)
		}
	}
}

func TestServicesArePinnedAndConfined(t *testing.T) {
	for name, s := range compose(t) {
		if pinned := variable.ReplaceAllString(s.Image, "$1"); s.Image != "" && !image.MatchString(pinned) {
			t.Errorf("%s: the image %q has no version", name, s.Image)
		}
		for _, port := range s.Ports {
			if !strings.HasPrefix(port, "127.0.0.1:") {
				t.Errorf("%s publishes %s to everybody, and has no password", name, port)
			}
		}
		for _, volume := range s.Volumes {
			if _, err := os.Stat(strings.Split(volume, ":")[0]); err != nil {
				t.Errorf("%s: %v", name, err)
			}
		}
		if s.Build.Context == "" {
			continue
		}
		if s.User == "" || strings.HasPrefix(s.User, "0") || s.User == "root" || !s.ReadOnly || !slices.Contains(s.CapDrop, "ALL") {
			t.Errorf("%s runs as %q, read_only %v, without %v", name, s.User, s.ReadOnly, s.CapDrop)
		}
		if _, err := os.Stat(filepath.Join(s.Build.Context, s.Build.Dockerfile)); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// variable is one with a default, as Compose has them.
var variable = regexp.MustCompile(`\$\{\w+:-([^}]*)\}`)

func TestServersConfigurationsAreWellFormed(t *testing.T) {
	files, err := filepath.Glob("config/*.xml")
	if err != nil || len(files) != 2 {
		t.Fatal(files, err)
	}
	for _, file := range files {
		d := xml.NewDecoder(strings.NewReader(string(read(t, file))))
		for {
			_, err := d.Token()
			if errors.Is(err, io.EOF) {
				break
			}
			if err != nil {
				t.Fatalf("%s: %v", file, err)
			}
		}
	}
}

// Whatever the servers call each other has to be a service.
func TestHostsAreServices(t *testing.T) {
	services := compose(t)
	host := regexp.MustCompile(`<host(?:name)?>([^<]+)<`)
	seen := map[string]bool{}
	for _, file := range []string{"config/cluster.xml", "config/keeper.xml"} {
		for _, found := range host.FindAllStringSubmatch(string(read(t, file)), -1) {
			if _, there := services[found[1]]; !there {
				t.Errorf("%s names %s, which is no service", file, found[1])
			}
			seen[found[1]] = true
		}
	}
	if len(seen) != 7 {
		t.Errorf("the servers know of %v, not of seven", seen)
	}
}

// skein takes the configuration, and its addresses are those that are published, or,
// in the environment for a container, those of the services.
func TestSkeinTakesTheConfiguration(t *testing.T) {
	services := compose(t)
	published := map[string]bool{}
	inside := map[string]bool{}
	for name, s := range services {
		for _, port := range s.Ports {
			parts := strings.Split(port, ":")
			published[parts[0]+":"+parts[1]] = true
			inside[name+":"+parts[2]] = true
		}
	}
	for env, reachable := range map[string]map[string]bool{"": published, services["example"].Environment["SKEIN_ENV"]: inside} {
		c, err := config.Load(config.Options{Path: "skein.yaml", Env: env})
		if err != nil {
			t.Fatalf("environment %q: %v", env, err)
		}
		if env == "" && c.Environment != "" {
			t.Fatalf("SKEIN_ENV is set: %s", c.Environment)
		}
		dev, err := c.Cluster("dev")
		if err != nil {
			t.Fatal(err)
		}
		addresses := slices.Concat(dev.Hosts, c.Coordination.ZooKeeper)
		for _, node := range []string{"s1r1", "s1r2", "s2r1", "s2r2"} {
			addresses = append(addresses, dev.Translate(node+":9000"))
		}
		if len(addresses) != 11 {
			t.Errorf("environment %q: the addresses are %v", env, addresses)
		}
		for _, address := range addresses {
			if !reachable[address] {
				t.Errorf("environment %q: nothing is at %s", env, address)
			}
		}
	}
}

func TestSkeinHasTheCommandOfTheExample(t *testing.T) {
	var stderr strings.Builder
	args := append(compose(t)["example"].Command, "--help")
	if code := (cli.Program{Args: args, Stderr: &stderr}).Run(t.Context()); code != 0 || len(args) < 2 {
		t.Errorf("skein %s: %s", strings.Join(args, " "), stderr.String())
	}
}

func TestTheImageIsScratchAndNotRoot(t *testing.T) {
	user, last := "", ""
	stages := map[string]bool{"scratch": true}
	for line := range strings.Lines(string(read(t, "Dockerfile"))) {
		words := strings.Fields(line)
		if len(words) < 2 {
			continue
		}
		switch words[0] {
		case "FROM":
			if !stages[words[1]] && !image.MatchString(words[1]) {
				t.Errorf("%s has no version", words[1])
			}
			last = words[1]
			stages[words[len(words)-1]] = true
		case "USER":
			user = words[1]
		}
	}
	if user == "" || strings.HasPrefix(user, "0") || strings.HasPrefix(user, "root") {
		t.Errorf("USER is %q", user)
	}
	if last != "runtime" || !stages["example"] || !stages["skein"] {
		t.Errorf("the last stage is from %q; stages: %v", last, stages)
	}
}

// The build's command is run here, as it stands in the Dockerfile but for its -o.
func TestTheBuildMakesAStaticProgram(t *testing.T) {
	if testing.Short() {
		t.Skip("a build takes a while")
	}
	found := regexp.MustCompile(`(?m)^RUN CGO_ENABLED=0 go build (.+) -o /out/ (.+)$`).FindStringSubmatch(string(read(t, "Dockerfile")))
	if found == nil {
		t.Fatal("the Dockerfile builds nothing")
	}
	if release := string(read(t, "../scripts/release.sh")); !strings.Contains(release, "build "+found[1]+" -o ") {
		t.Errorf("scripts/release.sh does not build with %s", found[1])
	}
	out := t.TempDir()
	build := exec.CommandContext(t.Context(), "go", append(append([]string{"build"}, flags(found[1])...),
		append([]string{"-o", out + "/"}, strings.Fields(found[2])...)...)...)
	build.Dir = ".."
	build.Env = append(os.Environ(), "CGO_ENABLED=0", "GOOS=linux", "GOARCH=amd64")
	if text, err := build.CombinedOutput(); err != nil {
		t.Fatalf("%s: %v\n%s", build, err, text)
	}
	for _, name := range []string{"skein", "skein-example"} {
		static(t, filepath.Join(out, name))
	}
}

// flags divides what the shell would: at spaces, not in quotes.
func flags(text string) []string {
	var out []string
	for _, word := range regexp.MustCompile(`"[^"]*"|\S+`).FindAllString(text, -1) {
		out = append(out, strings.Trim(word, `"`))
	}
	return out
}

// static checks that a program needs nothing of the machine that it comes to.
func static(t *testing.T, path string) {
	t.Helper()
	const limit = 30 << 20
	if info, err := os.Stat(path); err != nil || info.Size() > limit {
		t.Errorf("%s: %v, %d bytes of at most %d", path, err, info.Size(), limit)
	}
	program, err := elf.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := program.Close(); err != nil {
			t.Error(err)
		}
	}()
	for _, header := range program.Progs {
		if header.Type == elf.PT_DYNAMIC || header.Type == elf.PT_INTERP {
			t.Errorf("%s is not static: it has %s", path, header.Type)
		}
	}
	if program.Section(".debug_info") != nil || program.Section(".symtab") != nil {
		t.Errorf("%s is not stripped", path)
	}
	said := version(t, path)
	info, err := buildinfo.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	commit := ""
	for _, setting := range info.Settings {
		if setting.Key == "vcs.revision" {
			commit = setting.Value
		}
	}
	// Of a worktree, whose .git is a file, the go command knows no commit.
	if git, err := os.Stat("../.git"); commit == "" && (err != nil || !git.IsDir()) {
		return
	}
	if commit == "" || !strings.Contains(said, " ("+commit[:12]+", 20") {
		t.Errorf("%s says %q, of commit %q", path, said, commit)
	}
}

// version is what the program says where it can run.
func version(t *testing.T, path string) string {
	t.Helper()
	if runtime.GOOS != "linux" || runtime.GOARCH != "amd64" {
		t.Skip("a program for linux/amd64 does not run here")
	}
	said, err := exec.CommandContext(t.Context(), path, "version").Output()
	if err != nil || !strings.HasPrefix(string(said), "skein ") {
		t.Fatalf("%s version: %q, %v", path, said, err)
	}
	return string(said)
}
