// Package examples_test checks the examples that are no Go: what is for Kubernetes
// and GitHub, where neither is.
package examples_test

import (
	"bytes"
	"errors"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"

	"github.com/skein-migrate/skein/cli"
	"github.com/skein-migrate/skein/config"
)

// version is a tag that says which, or a digest.
var version = regexp.MustCompile(`(:v?\d+(\.\d+)+[\w.-]*|@sha256:[0-9a-f]{64})$`)

// documents reads all documents of a YAML file.
func documents(t *testing.T, name string) []yaml.Node {
	t.Helper()
	text, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	var out []yaml.Node
	for d := yaml.NewDecoder(bytes.NewReader(text)); ; {
		var one yaml.Node
		err := d.Decode(&one)
		if errors.Is(err, io.EOF) {
			return out
		}
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		out = append(out, one)
	}
}

type job struct {
	Kind string
	Data map[string]string
	Spec struct {
		BackoffLimit *int `yaml:"backoffLimit"`
		Template     struct {
			Spec struct {
				RestartPolicy   string `yaml:"restartPolicy"`
				SecurityContext struct {
					RunAsNonRoot bool `yaml:"runAsNonRoot"`
					RunAsUser    int  `yaml:"runAsUser"`
				} `yaml:"securityContext"`
				Containers []struct {
					Image           string
					Args            []string
					SecurityContext struct {
						AllowPrivilegeEscalation *bool `yaml:"allowPrivilegeEscalation"`
						ReadOnlyRootFilesystem   bool  `yaml:"readOnlyRootFilesystem"`
						Capabilities             struct{ Drop []string }
					} `yaml:"securityContext"`
					VolumeMounts []struct {
						Name      string
						MountPath string `yaml:"mountPath"`
					} `yaml:"volumeMounts"`
				}
			}
		}
	}
}

func TestTheJobIsPinnedAndConfined(t *testing.T) {
	kinds := map[string]job{}
	for _, document := range documents(t, "kubernetes/job.yaml") {
		var one job
		if err := document.Decode(&one); err != nil {
			t.Fatal(err)
		}
		kinds[one.Kind] = one
	}
	if len(kinds) != 2 || kinds["ConfigMap"].Data["skein.yaml"] == "" {
		t.Fatalf("the file is no ConfigMap and a Job, and nothing else: %v", kinds)
	}
	spec := kinds["Job"].Spec
	pod := spec.Template.Spec
	if spec.BackoffLimit == nil || *spec.BackoffLimit != 0 || pod.RestartPolicy != "Never" {
		t.Error("Kubernetes would run it again after exit code 5")
	}
	if !pod.SecurityContext.RunAsNonRoot || pod.SecurityContext.RunAsUser == 0 || len(pod.Containers) != 1 {
		t.Errorf("it runs as %d", pod.SecurityContext.RunAsUser)
	}
	for _, c := range pod.Containers {
		if !version.MatchString(c.Image) {
			t.Errorf("the image %q has no version", c.Image)
		}
		s := c.SecurityContext
		if s.AllowPrivilegeEscalation == nil || *s.AllowPrivilegeEscalation || !s.ReadOnlyRootFilesystem || !slices.Contains(s.Capabilities.Drop, "ALL") {
			t.Errorf("the container may too much: %+v", s)
		}
		commandIs(t, c.Args)
		mounted := map[string]string{}
		for _, m := range c.VolumeMounts {
			mounted[m.Name] = m.MountPath
		}
		if i := slices.Index(c.Args, "--config"); i < 0 || c.Args[i+1] != mounted["config"]+"/skein.yaml" {
			t.Errorf("%v does not name what is mounted at %v", c.Args, mounted)
		}
		if password := "file:" + mounted["password"] + "/password"; !strings.Contains(kinds["ConfigMap"].Data["skein.yaml"], password) {
			t.Errorf("the configuration has not %s", password)
		}
	}
}

// commandIs checks that skein has such a command with such flags.
func commandIs(t *testing.T, args []string) {
	t.Helper()
	var stderr bytes.Buffer
	if code := (cli.Program{Args: append(slices.Clone(args), "--help"), Stderr: &stderr}).Run(t.Context()); code != 0 {
		t.Errorf("skein %s: %s", strings.Join(args, " "), stderr.String())
	}
}

func TestSkeinTakesTheConfigurationOfTheJob(t *testing.T) {
	for _, document := range documents(t, "kubernetes/job.yaml") {
		var one job
		if err := document.Decode(&one); err != nil {
			t.Fatal(err)
		}
		for name, text := range one.Data {
			file := filepath.Join(t.TempDir(), name)
			if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
				t.Fatal(err)
			}
			if _, err := config.Load(config.Options{Path: file}); err != nil {
				t.Error(err)
			}
		}
	}
}

type workflow struct {
	On struct {
		PullRequest struct{ Branches []string } `yaml:"pull_request"`
		Push        struct{ Branches []string }
	}
	Permissions map[string]string
	Jobs        map[string]struct {
		If          string
		Environment string
		Concurrency struct {
			Group            string
			CancelInProgress bool `yaml:"cancel-in-progress"`
		}
		Steps []struct {
			Uses string
			Run  string
			Env  map[string]string
		}
	}
}

func TestTheWorkflowPlansAndMigrates(t *testing.T) {
	var w workflow
	if err := documents(t, "github-actions/migrate.yaml")[0].Decode(&w); err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(w.On.Push.Branches, []string{"main"}) || len(w.On.PullRequest.Branches) == 0 || w.Permissions["contents"] != "read" {
		t.Errorf("it runs on %+v and may %v", w.On, w.Permissions)
	}
	if migrate := w.Jobs["migrate"]; migrate.Concurrency.Group == "" || migrate.Concurrency.CancelInProgress || migrate.Environment == "" {
		t.Errorf("migrate is not one at a time, or of no environment: %+v", migrate)
	}
	for name, event := range map[string]string{"plan": "pull_request", "migrate": "push"} {
		if !strings.Contains(w.Jobs[name].If, "github.event_name == '"+event+"'") {
			t.Errorf("%s runs if %q", name, w.Jobs[name].If)
		}
		ran := map[string]bool{}
		for _, step := range w.Jobs[name].Steps {
			if step.Uses != "" && !regexp.MustCompile(`@(v\d+\.\d+\.\d+|[0-9a-f]{40})$`).MatchString(step.Uses) {
				t.Errorf("%s has no version", step.Uses)
			}
			for _, found := range regexp.MustCompile(`\./migrations-program ([^|\n]+)`).FindAllStringSubmatch(step.Run, -1) {
				args := strings.Fields(found[1])
				commandIs(t, args)
				ran[args[0]] = true
			}
		}
		if !ran[name] || name == "plan" && ran["migrate"] {
			t.Errorf("%s runs %v", name, ran)
		}
	}
}

// A password is a reference, wherever it stands.
func TestNoPasswordIsWrittenOut(t *testing.T) {
	var files []string
	for _, pattern := range []string{"kubernetes/*", "github-actions/*", "../docker/*.yaml", "../docker/Dockerfile", "../docker/config/*"} {
		found, err := filepath.Glob(pattern)
		if err != nil || len(found) == 0 {
			t.Fatal(pattern, err)
		}
		files = append(files, found...)
	}
	sounds := regexp.MustCompile(`(?i)(password|secret|token)[\w-]*["']?\s*[:=]\s*(\S+)`)
	reference := regexp.MustCompile(`^(false|env:|file:|ssm:|\$\{\{|\{secretName:)`)
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for line := range strings.Lines(string(text)) {
			if strings.HasPrefix(strings.TrimSpace(line), "#") {
				continue
			}
			for _, found := range sounds.FindAllStringSubmatch(line, -1) {
				if !reference.MatchString(found[2]) {
					t.Errorf("%s: %s", file, strings.TrimSpace(line))
				}
			}
		}
	}
}
