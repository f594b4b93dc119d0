package siem

import (
	"crypto/tls"
	"crypto/x509"
	"encoding/base64"
	"errors"
	"fmt"
	"net"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
)

// Target is a receiver, and what it is sent.
type Target struct {
	// Name is what its place is kept under, and what logs and metrics call it.
	Name string
	// AtEnd begins a new stream with what comes; false with all that is kept.
	AtEnd bool
	// Workspaces are slugs, or "instance"; none is all.
	Workspaces []string

	sink sink
}

// Programme is what receivers are told of the sender.
type Programme struct{ Host, Version string }

// longestSecret is more than any file of a secret or a certificate has.
const longestSecret = 256 << 10

// options are the parameters of an address that are this package's; those of a webhook that
// are none of them are the receiver's.
func options() []string {
	return []string{"name", "from", "workspace", "ca_file", "cert_file", "key_file", "facility", "confirm", "secret_file", "authorization_file"}
}

// Parse reads addresses:
//
//	syslog+tcp://HOST:PORT  syslog+tls://HOST:PORT  file:/PATH  https://HOST/PATH
//
// Their parameters are in docs/operations.md. Files that they name are read. No error
// repeats an address.
func Parse(addresses []string, by Programme) ([]Target, error) {
	var targets []Target
	for i, address := range addresses {
		t, err := parse(address, by)
		if err != nil {
			return nil, fmt.Errorf("entry %d %w", i+1, err)
		}
		if slices.ContainsFunc(targets, func(o Target) bool { return o.Name == t.Name }) {
			return nil, fmt.Errorf("entry %d has the same name as one before it: give it another with ?name=", i+1)
		}
		targets = append(targets, t)
	}
	return targets, nil
}

var errScheme = errors.New("must begin with syslog+tcp://, syslog+tls://, file:/ or https://")

func parse(address string, by Programme) (Target, error) {
	u, err := url.Parse(address)
	if err != nil {
		return Target{}, errScheme
	}
	q, err := url.ParseQuery(u.RawQuery)
	switch {
	case err != nil || u.Fragment != "":
		return Target{}, errors.New("cannot be read: escape what is special in its parameters")
	case u.User != nil:
		return Target{}, errors.New("must not hold a user or password; ?authorization_file= names a file with what a webhook asks for")
	}
	p := &params{q: q}
	t := Target{Name: p.one("name"), Workspaces: q["workspace"], AtEnd: p.of("from", "start", "end") == "end"}
	if t.sink, err = sinkOf(u, p, by); err != nil {
		return Target{}, err
	}
	if t.Name == "" {
		t.Name = (&url.URL{Scheme: u.Scheme, Host: u.Host, Path: u.Path}).String()
		if u.Scheme == "https" { // the paths of some receivers are their secrets
			t.Name = "https://" + u.Host
		}
	}
	if len(t.Name) > 200 {
		return Target{}, errors.New("is long: give it a name with ?name=")
	}
	return t, p.err
}

func sinkOf(u *url.URL, p *params, by Programme) (sink, error) {
	own := options()
	if u.Scheme != "https" {
		for name := range p.q {
			if !slices.Contains(own, name) {
				return nil, errors.New("has a parameter that is not known; the known ones are " + strings.Join(own, ", "))
			}
		}
	}
	switch u.Scheme {
	case "syslog+tcp", "syslog+tls":
		return syslogOf(u, p, by)
	case "file":
		if u.Host != "" || !filepath.IsAbs(u.Path) {
			return nil, errors.New("must name a file by its whole path, like file:/var/log/tokenry/audit.ndjson")
		}
		return file{filepath.FromSlash(u.Path)}, nil
	case "https":
		return webhookOf(u, p)
	}
	return nil, errScheme
}

func syslogOf(u *url.URL, p *params, by Programme) (sink, error) {
	if u.Hostname() == "" || u.Port() == "" || strings.Trim(u.Path, "/") != "" {
		return nil, errors.New("must be like syslog+tls://HOST:6514 or syslog+tcp://HOST:514")
	}
	s := &syslog{address: u.Host, by: by, unconfirmed: p.of("confirm", "close", "none") == "none", dial: (&net.Dialer{}).DialContext}
	names := facilities()
	facility := max(slices.Index(names, p.of("facility", slices.Concat([]string{"logaudit"}, names)...)), 0)
	s.facility = facility
	if u.Scheme == "syslog+tls" {
		c, err := p.tls()
		if err != nil {
			return nil, err
		}
		c.ServerName = u.Hostname()
		s.tls = c
	}
	return s, nil
}

// facilities are those of RFC 5424 by their numbers; logaudit, 13, is "log audit".
func facilities() []string {
	names := []string{"kern", "user", "mail", "daemon", "auth", "syslog", "lpr", "news", "uucp", "cron", "authpriv", "ftp", "ntp", "logaudit", "logalert", "clock"}
	for i := range 8 {
		names = append(names, "local"+strconv.Itoa(i))
	}
	return names
}

func webhookOf(u *url.URL, p *params) (sink, error) {
	if u.Hostname() == "" {
		return nil, errors.New("names no host")
	}
	c, err := p.tls()
	if err != nil {
		return nil, err
	}
	secret, err := p.file("secret_file")
	if err != nil {
		return nil, err
	}
	authorization, err := p.file("authorization_file")
	if err != nil {
		return nil, err
	}
	w := &webhook{client: clientOf(c), authorization: authorization}
	if secret != "" {
		key, ok := strings.CutPrefix(secret, "whsec_")
		if w.key, err = base64.StdEncoding.DecodeString(key); !ok || err != nil || len(w.key) < 24 {
			return nil, errors.New("has a secret_file that does not hold whsec_ and at least 24 bytes in base64")
		}
	}
	theirs := url.Values{}
	for name, values := range p.q {
		if !slices.Contains(options(), name) {
			theirs[name] = values
		}
	}
	to := *u
	to.RawQuery = theirs.Encode()
	w.address = to.String()
	return w, nil
}

// params are the parameters of an address, and the first that was wrong.
type params struct {
	q   url.Values
	err error
}

func (p *params) one(name string) string {
	if len(p.q[name]) > 1 {
		p.err = errors.New("has " + name + " twice")
	}
	return p.q.Get(name)
}

// of is one of several words; the first when there is none.
func (p *params) of(name string, words ...string) string {
	v := p.one(name)
	switch {
	case v == "":
		return words[0]
	case !slices.Contains(words, v):
		p.err = fmt.Errorf("must have %s as one of %s", name, strings.Join(words, ", "))
	}
	return v
}

// file is what stands in the file that a parameter names, without a line end behind it.
func (p *params) file(name string) (string, error) {
	path := p.one(name)
	if path == "" {
		return "", nil
	}
	b, err := readBounded(path)
	if err != nil {
		return "", fmt.Errorf("has a %s that cannot be read: %w", name, err)
	}
	text := strings.TrimRight(string(b), "\r\n")
	if text == "" || strings.ContainsAny(text, "\x00\r\n") && name != "ca_file" {
		return "", fmt.Errorf("has a %s that is empty, or holds more than one line", name)
	}
	return text, nil
}

func readBounded(path string) ([]byte, error) {
	info, err := os.Stat(path)
	if err == nil && info.Size() > longestSecret {
		err = errors.New("it is too large")
	}
	if err != nil {
		return nil, err
	}
	return os.ReadFile(path)
}

// tls is who is trusted, and what this server shows of itself.
func (p *params) tls() (*tls.Config, error) {
	c := &tls.Config{MinVersion: tls.VersionTLS12}
	if path := p.one("ca_file"); path != "" {
		b, err := readBounded(path)
		if err != nil {
			return nil, fmt.Errorf("has a ca_file that cannot be read: %w", err)
		}
		c.RootCAs = x509.NewCertPool()
		if !c.RootCAs.AppendCertsFromPEM(b) {
			return nil, errors.New("has a ca_file without a certificate in PEM")
		}
	}
	if cert, key := p.one("cert_file"), p.one("key_file"); cert != "" || key != "" {
		pair, err := tls.LoadX509KeyPair(cert, key)
		if err != nil {
			return nil, errors.New("has a cert_file and a key_file that are no pair, or cannot be read")
		}
		c.Certificates = []tls.Certificate{pair}
	}
	return c, nil
}
