package testcluster

import (
	"bytes"
	"embed"
	"fmt"
	"path/filepath"
	"text/template"
	"time"
)

//go:embed templates
var templates embed.FS

// serverConfig is what a node's configuration is made from.
type serverConfig struct {
	Root             string // "yandex" before ClickHouse 21, "clickhouse" after
	Dir              string
	Node             *Node
	ReplicaMacro     string
	AccessManagement bool // users by SQL
	Shards           [][]*Node
	QueryNodes       []*Node
	ZooKeeperPort    int // 0: there is none
	SharedStorage    bool
	QueryLog         bool
	MaxSizeToDrop    int
	SessionTimeout   time.Duration // of EngineCluster's nodes
	LogLevel         string        // of EngineCluster's nodes
}

// writeServer writes the two files of a node; config is the template's name.
func (s serverConfig) write(config string) error {
	if err := renderFile(config, filepath.Join(s.Dir, "config.xml"), s); err != nil {
		return err
	}
	return renderFile("users.xml.tmpl", filepath.Join(s.Dir, "users.xml"), s)
}

func renderFile(name, path string, data any) error {
	b, err := render(name, data)
	if err != nil {
		return err
	}
	return writeFile(path, b)
}

func render(name string, data any) ([]byte, error) {
	// All are parsed, since one may use a part that another defines.
	t, err := template.ParseFS(templates, "templates/*.tmpl")
	if err != nil {
		return nil, err
	}
	var b bytes.Buffer
	if err := t.ExecuteTemplate(&b, name, data); err != nil {
		return nil, fmt.Errorf("render %s: %w", name, err)
	}
	return b.Bytes(), nil
}
