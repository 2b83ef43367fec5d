package config

import (
	"fmt"
	"maps"
	"net"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/skein-migrate/skein/nearest"
)

// readURL reads clickhouse://user:password@host:port/database?secure=true, the
// alternative to hosts. Keys beside it win over its parts. No message repeats
// the url or what net/url says of it: both may hold the password.
func (c *Cluster) readURL(s *section) {
	var text string
	if !s.text("url", &text) || text == "" {
		return
	}
	node := s.fields["url"].value
	if s.has("hosts") {
		s.bad(s.fields["url"].key, "url", "give hosts or url, not both")
	}
	u, err := url.Parse(text)
	if err != nil || u.Scheme != "clickhouse" || u.Hostname() == "" || u.Fragment != "" {
		s.bad(node, "url", "want clickhouse://user@host:9440/database?secure=true; "+
			"in a password, write @ / : # ? and %% as %%40 %%2F %%3A %%23 %%3F and %%25")
		s.problems[len(s.problems)-1].key = join(s.key, "hosts") // which are not missing
		return
	}
	secure := c.readURLQuery(s, u.Query())
	port := u.Port()
	if port == "" {
		port = map[bool]string{false: "9000", true: "9440"}[secure]
	}
	c.Hosts = []string{net.JoinHostPort(u.Hostname(), port)}
	from := s.at(s.fields["url"].key)
	s.origins.record(join(s.key, "hosts"), from)
	s.origins.forgetInside(join(s.key, "hosts"))
	if name := u.User.Username(); name != "" {
		c.User = name
		s.origins.record(join(s.key, "user"), from)
	}
	if password, ok := u.User.Password(); ok {
		c.Password = Literal(password)
		s.origins.record(join(s.key, "password"), from)
	}
	if database := strings.Trim(u.Path, "/"); database != "" {
		c.Database = database
		s.origins.record(join(s.key, "database"), from)
	}
}

func (c *Cluster) readURLQuery(s *section, query url.Values) (secure bool) {
	known := []string{"secure", "skip_verify"}
	values := map[string]bool{}
	for _, name := range slices.Sorted(maps.Keys(query)) {
		given := query[name]
		value, err := strconv.ParseBool(given[len(given)-1])
		switch {
		case !slices.Contains(known, name):
			s.bad(s.fields["url"].value, "url", "unknown parameter %q%s", name, nearest.DidYouMean(name, known))
		case err != nil:
			s.bad(s.fields["url"].value, "url", "%s: want true or false", name)
		default:
			values[name] = value
		}
	}
	if _, given := values["secure"]; given || values["skip_verify"] {
		c.TLS = nil
		s.origins.record(join(s.key, "tls"), s.at(s.fields["url"].key))
		if values["secure"] {
			c.TLS = &TLS{dir: s.dir, SkipVerify: values["skip_verify"]}
		}
	}
	return values["secure"] || c.TLS != nil
}

// translate is Cluster.Translate.
func translate(addresses map[string]string, address string) string {
	if to, ok := addresses[address]; ok {
		return to
	}
	host, port, err := net.SplitHostPort(address)
	if err != nil {
		return address
	}
	if to, ok := addresses[host]; ok {
		return net.JoinHostPort(to, port)
	}
	return address
}

// checkAddress says what is wrong with host:port, "" if nothing.
func checkAddress(address, port string) string {
	host, given, err := net.SplitHostPort(address)
	if err != nil {
		if strings.Contains(address, ":") && !strings.Contains(err.Error(), "missing port") {
			return fmt.Sprintf("%q is not host:port (an IPv6 address goes in brackets)", address)
		}
		return fmt.Sprintf("%q has no port: write %s", address, net.JoinHostPort(strings.Trim(address, "[]"), port))
	}
	if n, err := strconv.Atoi(given); err != nil || n < 1 || n > 65535 {
		return fmt.Sprintf("%q: port %q is not a number from 1 to 65535", address, given)
	}
	if host == "" || strings.ContainsAny(host, " /@") {
		return fmt.Sprintf("%q has no host: write host:%s", address, given)
	}
	return ""
}
