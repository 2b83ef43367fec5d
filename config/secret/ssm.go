package secret

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"strings"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	awsconfig "github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/service/ssm"
	"github.com/aws/aws-sdk-go-v2/service/ssm/types"
)

// AWS says where the parameters of the Systems Manager are. Credentials are found
// as AWS's own tools find them.
type AWS struct {
	Region   string        // empty: AWS_REGION, or that of the profile
	Endpoint string        // URL of the service; empty: AWS's own in that region
	Timeout  time.Duration // for one parameter, credentials and attempts included; 10 s when 0
}

// parameters are those that were read, and the client that did.
type parameters struct {
	mu     sync.Mutex
	client *ssm.Client
	values map[string]string // by name
}

// parameter reads /path, or a key of the JSON object that it has: /path#key.
func (r *Reader) parameter(ctx context.Context, reference string) (string, error) {
	name, key, keyed := strings.Cut(reference, "#")
	value, err := r.remembered(ctx, name)
	if err != nil || !keyed {
		return value, err
	}
	return pick(value, key)
}

// remembered asks for a parameter once: a run fills references into many
// statements, and all of them are to get the same value.
func (r *Reader) remembered(ctx context.Context, name string) (string, error) {
	p := &r.parameters
	p.mu.Lock()
	value, known := p.values[name]
	p.mu.Unlock()
	if known {
		return value, nil
	}
	limit := cmp.Or(r.AWS.Timeout, 10*time.Second)
	limited, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	value, err := r.ask(limited, name)
	if err != nil {
		if ctx.Err() == nil && limited.Err() != nil {
			return "", fmt.Errorf("no answer in %s%s", limit, r.whence())
		}
		return "", r.explain(err)
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.values == nil {
		p.values = map[string]string{}
	}
	p.values[name] = value
	return value, nil
}

func (r *Reader) ask(ctx context.Context, name string) (string, error) {
	client, err := r.client(ctx)
	if err != nil {
		return "", err
	}
	out, err := client.GetParameter(ctx, &ssm.GetParameterInput{Name: &name, WithDecryption: aws.Bool(true)})
	if err != nil {
		return "", err
	}
	if out.Parameter == nil || out.Parameter.Value == nil {
		return "", errors.New("the answer has no value")
	}
	return *out.Parameter.Value, nil
}

func (r *Reader) client(ctx context.Context) (*ssm.Client, error) {
	p := &r.parameters
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.client != nil {
		return p.client, nil
	}
	loaded, err := awsconfig.LoadDefaultConfig(ctx, r.loadOptions)
	if err != nil {
		return nil, err
	}
	if loaded.Region == "" {
		return nil, errors.New("there is no region: set aws.region, or AWS_REGION")
	}
	p.client = ssm.NewFromConfig(loaded, func(o *ssm.Options) {
		if r.AWS.Endpoint != "" {
			o.BaseEndpoint = &r.AWS.Endpoint
		}
	})
	return p.client, nil
}

// loadOptions gives AWS's library what it does not find itself: it looks at the
// environment of the process, and nowhere else.
func (r *Reader) loadOptions(o *awsconfig.LoadOptions) error {
	o.Region = cmp.Or(r.AWS.Region, r.only("AWS_REGION"), r.only("AWS_DEFAULT_REGION"))
	o.SharedConfigProfile = r.only("AWS_PROFILE")
	if id := r.only("AWS_ACCESS_KEY_ID"); id != "" {
		o.Credentials = aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
			return aws.Credentials{
				AccessKeyID: id, SecretAccessKey: r.only("AWS_SECRET_ACCESS_KEY"), SessionToken: r.only("AWS_SESSION_TOKEN"),
			}, nil
		})
	}
	return nil
}

// only is a variable that Lookup finds and the process does not have.
func (r *Reader) only(name string) string {
	if _, has := os.LookupEnv(name); has {
		return ""
	}
	value, _ := r.lookup(name)
	return value
}

// explain keeps what the service says, and leaves out how the library came to hear it.
func (r *Reader) explain(err error) error {
	var missing *types.ParameterNotFound
	var answer interface {
		error
		ErrorCode() string
		ErrorMessage() string
	}
	switch {
	case errors.As(err, &missing):
		return fmt.Errorf("there is no such parameter%s", r.whence())
	case errors.As(err, &answer):
		return fmt.Errorf("%s: %s", answer.ErrorCode(), answer.ErrorMessage())
	}
	return err
}

// whence says where it was asked, as far as that is configured.
func (r *Reader) whence() string {
	p := &r.parameters
	p.mu.Lock()
	defer p.mu.Unlock()
	switch {
	case r.AWS.Endpoint != "":
		return " at " + r.AWS.Endpoint
	case p.client != nil:
		return " in " + p.client.Options().Region
	}
	return ""
}

// pick is the text under a key of a JSON object. No message has anything of the object.
func pick(value, key string) (string, error) {
	var fields map[string]json.RawMessage
	if err := json.Unmarshal([]byte(value), &fields); err != nil || fields == nil {
		return "", fmt.Errorf("the parameter is no JSON object, of which #%s could be a key", key)
	}
	raw, ok := fields[key]
	if !ok {
		return "", fmt.Errorf("the parameter's JSON has no key %q", key)
	}
	raw = bytes.TrimSpace(raw)
	var text string
	switch {
	case raw[0] == '"':
		if err := json.Unmarshal(raw, &text); err != nil {
			return "", fmt.Errorf("the key %q of the parameter's JSON is no text", key)
		}
		return text, nil
	case raw[0] == '{', raw[0] == '[', string(raw) == "null":
		return "", fmt.Errorf("the key %q of the parameter's JSON is no text", key)
	}
	return string(raw), nil // a number, true or false, as it is written
}
