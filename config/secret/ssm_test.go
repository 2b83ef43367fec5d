package secret_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/skein-migrate/skein/config/secret"
)

// standIn is as much of the Systems Manager as a reader asks for.
type standIn struct {
	*httptest.Server
	asked atomic.Int32
	// wrong is what is wrong with a request, empty if nothing is.
	wrong atomic.Pointer[string]
}

// startStandIn serves some parameters. /denied is nobody's to read, and /silent is
// never answered.
func startStandIn(t *testing.T, parameters map[string]string) *standIn {
	t.Helper()
	s := &standIn{}
	s.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s.asked.Add(1)
		var request struct {
			Name           string
			WithDecryption bool
		}
		err := json.NewDecoder(r.Body).Decode(&request)
		signed := strings.HasPrefix(r.Header.Get("Authorization"), "AWS4-HMAC-SHA256 Credential=AKIATEST/") &&
			strings.Contains(r.Header.Get("Authorization"), "/eu-test-1/ssm/aws4_request")
		if err != nil || !request.WithDecryption || r.Header.Get("X-Amz-Target") != "AmazonSSM.GetParameter" || !signed {
			text := fmt.Sprintf("%v, %+v, %v", err, request, r.Header)
			s.wrong.Store(&text)
		}
		answer(w, r, request.Name, parameters)
	}))
	t.Cleanup(s.Close)
	t.Cleanup(func() {
		if text := s.wrong.Load(); text != nil {
			t.Errorf("a request as the service would not take it: %s", *text)
		}
	})
	return s
}

func answer(w http.ResponseWriter, r *http.Request, name string, parameters map[string]string) {
	w.Header().Set("Content-Type", "application/x-amz-json-1.1")
	value, known := parameters[name]
	switch {
	case name == "/silent":
		<-r.Context().Done()
	case name == "/denied":
		w.WriteHeader(http.StatusBadRequest)
		_, _ = w.Write([]byte(`{"__type":"AccessDeniedException","Message":"User: arn:aws:iam::1:user/ci is not authorized to perform: ssm:GetParameter"}`))
	case !known:
		w.WriteHeader(http.StatusBadRequest)
		_, _ = w.Write([]byte(`{"__type":"ParameterNotFound"}`))
	default:
		_ = json.NewEncoder(w).Encode(map[string]any{"Parameter": map[string]any{"Name": name, "Type": "SecureString", "Value": value}})
	}
}

// credentials keeps what this machine has out of the test.
func credentials(t *testing.T) {
	t.Helper()
	for _, name := range []string{"AWS_REGION", "AWS_DEFAULT_REGION", "AWS_PROFILE", "AWS_SESSION_TOKEN", "AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_SSM"} {
		t.Setenv(name, "")
	}
	t.Setenv("AWS_CONFIG_FILE", filepath.Join(t.TempDir(), "none"))
	t.Setenv("AWS_SHARED_CREDENTIALS_FILE", filepath.Join(t.TempDir(), "none"))
	t.Setenv("AWS_EC2_METADATA_DISABLED", "true")
	t.Setenv("AWS_ACCESS_KEY_ID", "AKIATEST")
	t.Setenv("AWS_SECRET_ACCESS_KEY", "test")
}

func TestParameters(t *testing.T) {
	credentials(t)
	service := startStandIn(t, map[string]string{
		"/prod/plain": "hunter2", "/prod/object": `{"password": "hun\"ter2", "port": 9440, "nested": {"a": "hunter2"}, "none": null}`,
	})
	reader := &secret.Reader{AWS: secret.AWS{Region: "eu-test-1", Endpoint: service.URL, Timeout: 5 * time.Second}}
	for _, test := range []struct{ reference, want, wantErr string }{
		{"ssm:/prod/plain", "hunter2", ""},
		{"ssm:/prod/object#password", `hun"ter2`, ""},
		{"ssm:/prod/object#port", "9440", ""},
		{"ssm:/prod/object#user", "", `the parameter's JSON has no key "user"`},
		{"ssm:/prod/object#nested", "", `the key "nested" of the parameter's JSON is no text`},
		{"ssm:/prod/object#none", "", `the key "none" of the parameter's JSON is no text`},
		{"ssm:/prod/plain#password", "", "the parameter is no JSON object, of which #password could be a key"},
		{"ssm:/prod/missing", "", "there is no such parameter at " + service.URL},
		{"ssm:/denied", "", "AccessDeniedException: User: arn:aws:iam::1:user/ci is not authorized to perform: ssm:GetParameter"},
	} {
		have, err := reader.Read(t.Context(), test.reference)
		if have != test.want {
			t.Errorf("%s is %q", test.reference, have)
		}
		switch {
		case test.wantErr == "" && err != nil, test.wantErr != "" && err == nil:
			t.Errorf("%s: %v", test.reference, err)
		case err != nil && err.Error() != "resolve "+test.reference+": "+test.wantErr:
			t.Errorf("%s: %v", test.reference, err)
		}
		if err != nil && strings.Contains(err.Error(), "hun") {
			t.Errorf("the error holds the value: %v", err)
		}
	}
}

func TestAParameterIsAskedForOnce(t *testing.T) {
	credentials(t)
	service := startStandIn(t, map[string]string{"/a": `{"x": "1", "y": "2"}`})
	reader := &secret.Reader{AWS: secret.AWS{Region: "eu-test-1", Endpoint: service.URL}}
	for range 3 {
		for reference, want := range map[string]string{"ssm:/a#x": "1", "ssm:/a#y": "2"} {
			if have, err := reader.Read(t.Context(), reference); have != want || err != nil {
				t.Fatalf("%s: %q, %v", reference, have, err)
			}
		}
	}
	if n := service.asked.Load(); n != 1 {
		t.Errorf("asked %d times", n)
	}
}

func TestAServiceThatDoesNotAnswer(t *testing.T) {
	credentials(t)
	service := startStandIn(t, nil)
	reader := &secret.Reader{AWS: secret.AWS{Region: "eu-test-1", Endpoint: service.URL, Timeout: 200 * time.Millisecond}}
	began := time.Now()
	_, err := reader.Read(t.Context(), "ssm:/silent")
	if err == nil || err.Error() != "resolve ssm:/silent: no answer in 200ms at "+service.URL {
		t.Errorf("%v", err)
	}
	if took := time.Since(began); took > 15*time.Second {
		t.Errorf("after %s", took)
	}
	ctx, cancel := context.WithCancel(t.Context())
	reader.AWS.Timeout = time.Minute
	time.AfterFunc(100*time.Millisecond, cancel)
	if _, err := reader.Read(ctx, "ssm:/silent"); err == nil || time.Since(began) > 10*time.Second {
		t.Errorf("interrupted: %v, after %s", err, time.Since(began))
	}
}

// Nothing of AWS's is found: neither a region nor who asks.
func TestWithoutARegion(t *testing.T) {
	credentials(t)
	_, err := (&secret.Reader{}).Read(t.Context(), "ssm:/a")
	if err == nil || err.Error() != "resolve ssm:/a: there is no region: set aws.region, or AWS_REGION" {
		t.Errorf("%v", err)
	}
}

// What .env.local has is not in the environment of the process, where AWS's own
// library looks.
func TestCredentialsOfALookup(t *testing.T) {
	credentials(t)
	service := startStandIn(t, map[string]string{"/a": "1"})
	local := map[string]string{"AWS_ACCESS_KEY_ID": "AKIATEST", "AWS_SECRET_ACCESS_KEY": "test", "AWS_REGION": "eu-test-1"}
	for name := range local {
		if err := os.Unsetenv(name); err != nil { // t.Setenv of credentials brings it back
			t.Fatal(err)
		}
	}
	reader := &secret.Reader{
		Lookup: func(name string) (string, bool) { value, ok := local[name]; return value, ok },
		AWS:    secret.AWS{Endpoint: service.URL},
	}
	if have, err := reader.Read(t.Context(), "ssm:/a"); have != "1" || err != nil {
		t.Errorf("%q, %v", have, err)
	}
}

func TestReferences(t *testing.T) {
	for text, want := range map[string]string{
		"env:A": "reference", "file:a": "reference", "ssm:/a": "reference", "ssm:/a/b#c": "reference",
		"hunter2": "literal", "a:b": "literal", "": "literal", "aws:/a": "literal",
		"env:": "wrong", "file:": "wrong", "ssm:": "wrong", "ssm:/": "wrong", "ssm:a": "wrong", "ssm:/a#": "wrong", "ssm:#a": "wrong",
	} {
		reference, err := secret.IsReference(text)
		have := map[bool]string{true: "reference", false: "literal"}[reference]
		if err != nil {
			have = "wrong"
		}
		if have != want {
			t.Errorf("%q is %s, want %s (%v)", text, have, want, err)
		}
	}
}

// A profile that does not exist fails whatever looks for it.
func TestNothingOfAWSIsLookedAtBeforeTheFirstParameter(t *testing.T) {
	credentials(t)
	t.Setenv("AWS_PROFILE", "nobody")
	t.Setenv("SKEIN_TEST_SECRET", "hunter2")
	reader := &secret.Reader{AWS: secret.AWS{Region: "eu-test-1"}}
	if have, err := reader.Read(t.Context(), "env:SKEIN_TEST_SECRET"); have != "hunter2" || err != nil {
		t.Errorf("%q, %v", have, err)
	}
	if _, err := reader.Read(t.Context(), "ssm:/a"); err == nil || !strings.Contains(err.Error(), "nobody") {
		t.Errorf("the profile was not looked for: %v", err)
	}
}
