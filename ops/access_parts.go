package ops

import (
	"errors"
	"fmt"
	"slices"
	"strings"
)

// Grantees are users and roles: those of Names, or All, or All Except some, or None.
type Grantees struct {
	Names  []string `json:"names,omitempty" yaml:"names,omitempty"`
	All    bool     `json:"all,omitempty" yaml:"all,omitempty"`
	Except []string `json:"except,omitempty" yaml:"except,omitempty"` // needs All
	None   bool     `json:"none,omitempty" yaml:"none,omitempty"`
}

// clause renders the grantees behind a keyword; nothing when they are not stated.
func (g *Grantees) clause(keyword string) string {
	switch {
	case g == nil:
		return ""
	case g.None:
		return keyword + " NONE"
	case g.All && len(g.Except) > 0:
		return keyword + " ALL EXCEPT " + identifiers(g.Except)
	case g.All:
		return keyword + " ALL"
	}
	return keyword + " " + identifiers(g.Names)
}

func (g *Grantees) check(field string) error {
	if g == nil {
		return nil
	}
	ways := 0
	for _, way := range []bool{len(g.Names) > 0, g.All, g.None} {
		if way {
			ways++
		}
	}
	switch {
	case ways != 1:
		return fmt.Errorf("%s: set one of Names, All and None", field)
	case len(g.Except) > 0 && !g.All:
		return fmt.Errorf("%s: Except needs All", field)
	case slices.Contains(slices.Concat(g.Names, g.Except), ""):
		return fmt.Errorf("%s names nobody: leave the empty name out", field)
	}
	return nil
}

// Authentication is how a user proves who they are. Passwords are references.
type Authentication struct {
	// Method as ClickHouse names it: sha256_password, bcrypt_password, sha256_hash,
	// double_sha1_hash, no_password, ldap, kerberos, ssl_certificate…
	Method string `json:"method,omitempty" yaml:"method,omitempty"`
	// By is the password, as a reference {secret:NAME}, or a hash, which may be
	// written out.
	By          string   `json:"by,omitempty" yaml:"by,omitempty"`
	Salt        string   `json:"salt,omitempty" yaml:"salt,omitempty"`                 // of sha256_hash
	Server      string   `json:"server,omitempty" yaml:"server,omitempty"`             // of ldap and http and http
	Realm       string   `json:"realm,omitempty" yaml:"realm,omitempty"`               // of kerberos; any when empty
	CommonNames []string `json:"common_names,omitempty" yaml:"common_names,omitempty"` // of ssl_certificate
}

func (a *Authentication) sql() string {
	if a == nil {
		return ""
	}
	sql := "IDENTIFIED WITH " + a.Method
	for _, part := range []struct{ keyword, value string }{
		{"BY", a.By}, {"SALT", a.Salt}, {"SERVER", a.Server}, {"REALM", a.Realm},
	} {
		if part.value != "" {
			sql += " " + part.keyword + " " + String(part.value)
		}
	}
	if len(a.CommonNames) > 0 {
		names := make([]string, len(a.CommonNames))
		for i, name := range a.CommonNames {
			names[i] = String(name)
		}
		sql += " CN " + strings.Join(names, ", ")
	}
	return sql
}

func (a *Authentication) check() error {
	if a == nil {
		return nil
	}
	password, hash := strings.HasSuffix(a.Method, "_password") && a.Method != "no_password", strings.HasSuffix(a.Method, "_hash")
	switch {
	case !word(a.Method):
		return fmt.Errorf("Auth.Method is %q: set one such as sha256_password", a.Method)
	case (password || hash) && a.By == "":
		return fmt.Errorf("%s needs By: %s", a.Method, map[bool]string{true: "a hash", false: "a reference such as {secret:NAME}"}[hash])
	case !password && !hash && a.By != "":
		return fmt.Errorf("%s takes no By: leave it out", a.Method)
	case a.Salt != "" && !hash:
		return fmt.Errorf("%s takes no Salt: leave it out", a.Method)
	case (a.Method == "ldap" || a.Method == "http") != (a.Server != ""):
		return errors.New("ldap and http need Server, and nothing else takes it")
	case (a.Method == "ssl_certificate") != (len(a.CommonNames) > 0):
		return errors.New("ssl_certificate and CommonNames go together: set both or none")
	case a.Realm != "" && a.Method != "kerberos":
		return fmt.Errorf("%s takes no Realm: leave it out", a.Method)
	case password:
		return checkSecret("the password", a.By)
	}
	return nil
}

// HostKind says how a host is matched.
type HostKind string

// The kinds of hosts. The last three take no value.
const (
	HostIP     HostKind = "IP"     // an address or a subnet: 10.0.0.0/8
	HostName   HostKind = "NAME"   // a name
	HostRegexp HostKind = "REGEXP" // a regular expression of names
	HostLike   HostKind = "LIKE"   // a pattern of names, as in LIKE
	HostLocal  HostKind = "LOCAL"  // the server itself
	HostAny    HostKind = "ANY"
	HostNone   HostKind = "NONE"
)

// UserHost is where a user may connect from.
type UserHost struct {
	Kind  HostKind `json:"kind,omitempty" yaml:"kind,omitempty"`
	Value string   `json:"value,omitempty" yaml:"value,omitempty"`
}

func hostsSQL(hosts []UserHost) string {
	if len(hosts) == 0 {
		return ""
	}
	texts := make([]string, len(hosts))
	for i, host := range hosts {
		texts[i] = string(host.Kind)
		if host.Value != "" {
			texts[i] += " " + String(host.Value)
		}
	}
	return "HOST " + strings.Join(texts, ", ")
}

func checkHosts(hosts []UserHost) error {
	for _, host := range hosts {
		switch host.Kind {
		case HostIP, HostName, HostRegexp, HostLike:
			if host.Value == "" {
				return fmt.Errorf("a host of kind %s needs Value", host.Kind)
			}
		case HostLocal, HostAny, HostNone:
			if host.Value != "" {
				return fmt.Errorf("a host of kind %s takes no Value: leave it out", host.Kind)
			}
		default:
			return fmt.Errorf("unknown kind of host %q: set IP, NAME, REGEXP, LIKE, LOCAL, ANY or NONE", host.Kind)
		}
	}
	return nil
}

// Writability says who may change a setting that an entity has.
type Writability string

// The kinds of writability. Left out, who has the setting may change it.
const (
	Writable             Writability = "WRITABLE"
	Constant             Writability = "CONST"
	ChangeableInReadonly Writability = "CHANGEABLE_IN_READONLY"
)

// SettingElement is a setting with its limits, as users, roles and profiles have it.
type SettingElement struct {
	Name        string      `json:"name,omitempty" yaml:"name,omitempty"`
	Value       string      `json:"value,omitempty" yaml:"value,omitempty"`
	Min         string      `json:"min,omitempty" yaml:"min,omitempty"`
	Max         string      `json:"max,omitempty" yaml:"max,omitempty"`
	Writability Writability `json:"writability,omitempty" yaml:"writability,omitempty"`
}

func (s SettingElement) sql() string {
	sql := s.Name
	if s.Value != "" {
		sql += " = " + settingValue(s.Value)
	}
	if s.Min != "" {
		sql += " MIN " + settingValue(s.Min)
	}
	if s.Max != "" {
		sql += " MAX " + settingValue(s.Max)
	}
	return joinSet(" ", sql, string(s.Writability))
}

func (s SettingElement) check() error {
	switch {
	case !word(s.Name):
		return fmt.Errorf("a setting is named %q: set Name to one such as max_threads", s.Name)
	case s.Value == "" && s.Min == "" && s.Max == "" && s.Writability == "":
		return fmt.Errorf("setting %s says nothing: set Value, Min, Max or Writability", s.Name)
	}
	switch s.Writability {
	case "", Writable, Constant, ChangeableInReadonly:
		return nil
	}
	return fmt.Errorf("setting %s: unknown writability %q: set WRITABLE, CONST or CHANGEABLE_IN_READONLY", s.Name, s.Writability)
}

// settingElements renders settings and the profiles beside them; keyword is
// PROFILE, or INHERIT within a profile.
func settingElements(none bool, settings []SettingElement, profiles []string, keyword string) string {
	if none {
		return "SETTINGS NONE"
	}
	var texts []string
	for _, setting := range settings {
		texts = append(texts, setting.sql())
	}
	for _, profile := range profiles {
		texts = append(texts, keyword+" "+String(profile))
	}
	if len(texts) == 0 {
		return ""
	}
	return "SETTINGS " + strings.Join(texts, ", ")
}

func checkElements(none bool, settings []SettingElement, profiles []string) error {
	if none && len(settings)+len(profiles) > 0 {
		return errors.New("NoSettings takes all of them away: leave settings and profiles out")
	}
	seen := map[string]bool{}
	for _, setting := range settings {
		if err := setting.check(); err != nil {
			return err
		}
		if seen[setting.Name] {
			return fmt.Errorf("setting %s is there twice: drop one", setting.Name)
		}
		seen[setting.Name] = true
	}
	if slices.Contains(profiles, "") {
		return errors.New("a profile has no name: leave it out")
	}
	return nil
}
