package simulated

import (
	"bytes"
	"encoding/json"
	"fmt"
	"regexp"
)

// Answer is what a server answered to one query.
type Answer struct {
	Query string `json:"query"`
	// After is how many statements that change the schema the node had run before; 0 where that
	// makes no difference.
	After int `json:"after,omitempty"`
	// Changes says that this is such a statement.
	Changes bool `json:"changes,omitempty"`
	// Settings are those that came with the query.
	Settings []Setting `json:"settings,omitempty"`
	// From says where the answer is from, if it is not from a 26.7 as it is.
	From    string     `json:"from,omitempty"`
	Columns []Column   `json:"columns"`
	Rows    [][]string `json:"rows,omitempty"`
	// Code and Message are of an exception; 0: there was none.
	Code    int    `json:"code,omitempty"`
	Message string `json:"message,omitempty"`
	// Takes says that the query is an INSERT, which wants rows of these columns.
	Takes bool `json:"takes,omitempty"`
}

// Setting is one setting of a query.
type Setting struct {
	Name  string `json:"name"`
	Value string `json:"value"`
}

// Column is one column of an answer.
type Column struct {
	Name string `json:"name"`
	Type string `json:"type"`
}

// Recording is all that was asked of a node, in the words of the recorded node.
type Recording struct {
	Answers []Answer
}

// ids are those that skein gives to its queries: each has another.
var ids = regexp.MustCompile(`query_id = '[^']*'`)

// Key is a query without what differs each time that it is sent.
func Key(query string) string { return ids.ReplaceAllString(query, "query_id = 'ID'") }

// ofTables are queries whose answers are others once a statement has changed the schema.
var ofTables = regexp.MustCompile(`(?s)^(CREATE|ALTER|SELECT .*FROM system\.(tables|columns|replicas)\b)`)

// Number is how many of the statements that a node has run make a difference to its answer.
func Number(query string, after int) int {
	if ofTables.MatchString(query) {
		return after
	}
	return 0
}

// Marshal writes a recording as JSON, a row a line: as short as can be read.
func (r Recording) Marshal() ([]byte, error) {
	var out bytes.Buffer
	out.WriteString("[\n")
	for i, answer := range r.Answers {
		if i > 0 {
			out.WriteString(",\n")
		}
		rows := answer.Rows
		answer.Rows = nil
		head, err := marshal(answer)
		if err != nil {
			return nil, err
		}
		if len(rows) == 0 {
			out.Write(head)
			continue
		}
		out.Write(bytes.TrimSuffix(head, []byte("}")))
		out.WriteString(`,"rows":[`)
		for j, row := range rows {
			if j > 0 {
				out.WriteByte(',')
			}
			line, err := marshal(row)
			if err != nil {
				return nil, err
			}
			out.WriteByte('\n')
			out.Write(line)
		}
		out.WriteString("\n]}")
	}
	out.WriteString("\n]\n")
	return out.Bytes(), nil
}

// marshal is JSON in which > stays what it is.
func marshal(value any) ([]byte, error) {
	var out bytes.Buffer
	encoder := json.NewEncoder(&out)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(value); err != nil {
		return nil, err
	}
	return bytes.TrimSuffix(out.Bytes(), []byte("\n")), nil
}

// Parse reads what Marshal wrote.
func Parse(text []byte) (Recording, error) {
	var r Recording
	if err := json.Unmarshal(text, &r.Answers); err != nil {
		return r, fmt.Errorf("read a recording: %w", err)
	}
	return r, nil
}
