package migration

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"

	"github.com/skein-migrate/skein/ops"
)

// Stored is a migration as the state table keeps it from the day on which it was
// applied: the way back that reverse runs, whatever has become of the file, and
// the way there, which is shown beside an edited one and never run.
type Stored struct {
	// Forward is nil where it was not kept, or cannot be read without the program
	// that ran it (RunGo). Text has it all the same.
	Forward  []ops.Operation
	Backward []ops.Operation
	// Irreversible says why there is no way back, on purpose.
	Irreversible string
	Text         string
}

// storedText is the form in which it is kept.
type storedText struct {
	Forward      json.RawMessage `json:"forward,omitempty"`
	Backward     json.RawMessage `json:"backward"`
	Irreversible string          `json:"irreversible,omitempty"`
}

// StoredText is what the state table keeps of the migration. While it is being
// applied that is the way back alone (complete false): a row is written for each of
// its steps.
func (m Migration) StoredText(complete bool) (string, error) {
	back, err := m.BackwardText()
	if err != nil {
		return "", err
	}
	out := storedText{Backward: json.RawMessage(back), Irreversible: m.Irreversible}
	if complete {
		there, err := canonical(m.Forward)
		if err != nil {
			return "", err
		}
		out.Forward = json.RawMessage(there)
	}
	text, err := json.Marshal(out)
	return string(text), err
}

// DecodeStored reads what StoredText, or BackwardText, made. Go functions are not
// stored: those on the way back are taken from code, the operations of this
// program, by name and version. One that is not there is an error.
func DecodeStored(text string, code []ops.Operation) (Stored, error) {
	out := Stored{Text: text}
	var kept storedText
	if text != "" && text[0] == '[' {
		kept.Backward = json.RawMessage(text)
	} else if err := json.Unmarshal([]byte(text), &kept); err != nil {
		return out, fmt.Errorf("read the stored way back: %w", err)
	}
	if kept.Backward == nil {
		return out, errors.New("read the stored way back: it has none")
	}
	out.Irreversible = kept.Irreversible
	var err error
	if out.Backward, err = DecodeBackward(string(kept.Backward), code); err != nil {
		return out, err
	}
	for i, operation := range out.Backward {
		if err := operation.Check(); err != nil {
			return out, fmt.Errorf("the stored way back, operation %d: %w", i+1, err)
		}
	}
	if kept.Forward != nil {
		if out.Forward, err = DecodeBackward(string(kept.Forward), nil); err != nil {
			out.Forward = nil // it is for show alone, and Text has it
		}
	}
	return out, nil
}

// DecodeBackward reads operations from their canonical form, a list of
// {"AddColumn":{…}}. See DecodeStored about code.
func DecodeBackward(text string, code []ops.Operation) ([]ops.Operation, error) {
	var list []json.RawMessage
	if err := json.Unmarshal([]byte(text), &list); err != nil {
		return nil, fmt.Errorf("read the stored way back: %w", err)
	}
	if list == nil {
		return nil, errors.New("read the stored way back: it is null")
	}
	out := make([]ops.Operation, 0, len(list))
	for i, one := range list {
		operation, err := decodeOne(one, code)
		if err != nil {
			return nil, fmt.Errorf("read the stored way back: number %d: %w", i+1, err)
		}
		out = append(out, operation)
	}
	return out, nil
}

func decodeOne(text json.RawMessage, code []ops.Operation) (ops.Operation, error) {
	var call struct{ RunGo *ops.RunGo }
	if err := json.Unmarshal(text, &call); err == nil && call.RunGo != nil {
		at := slices.IndexFunc(code, func(o ops.Operation) bool {
			mine, is := o.(ops.RunGo)
			return is && mine.Name == call.RunGo.Name && mine.Version == call.RunGo.Version
		})
		if at < 0 {
			return nil, fmt.Errorf("the Go function %s, version %d, is not in this program: what is stored of it is its name. "+
				"Use the program that has it", call.RunGo.Name, call.RunGo.Version)
		}
		return code[at], nil
	}
	var one ops.Operations
	if err := json.Unmarshal([]byte("["+string(text)+"]"), &one); err != nil {
		return nil, err
	}
	return one[0], nil
}
