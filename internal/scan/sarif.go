package scan

import (
	"net/url"
	"path/filepath"
	"strings"
)

// A report in SARIF 2.1.0, as far as one rule and its finds need it.
type (
	sarifLog struct {
		Schema  string     `json:"$schema"`
		Version string     `json:"version"`
		Runs    []sarifRun `json:"runs"`
	}
	sarifRun struct {
		Tool       sarifTool     `json:"tool"`
		ColumnKind string        `json:"columnKind"`
		Results    []sarifResult `json:"results"`
	}
	sarifTool struct {
		Driver sarifDriver `json:"driver"`
	}
	sarifDriver struct {
		Name           string      `json:"name"`
		InformationURI string      `json:"informationUri"`
		Version        string      `json:"version"`
		Rules          []sarifRule `json:"rules"`
	}
	sarifRule struct {
		ID            string         `json:"id"`
		Name          string         `json:"name"`
		Short         sarifText      `json:"shortDescription"`
		Full          sarifText      `json:"fullDescription"`
		Help          sarifText      `json:"help"`
		Configuration map[string]any `json:"defaultConfiguration"`
		Properties    map[string]any `json:"properties"`
	}
	sarifText struct {
		Text string `json:"text"`
	}
	sarifResult struct {
		RuleID       string            `json:"ruleId"`
		RuleIndex    int               `json:"ruleIndex"`
		Level        string            `json:"level"`
		Message      sarifText         `json:"message"`
		Locations    []sarifLocation   `json:"locations"`
		Fingerprints map[string]string `json:"partialFingerprints"`
		Properties   map[string]string `json:"properties,omitempty"`
	}
	sarifLocation struct {
		Physical sarifPhysical `json:"physicalLocation"`
	}
	sarifPhysical struct {
		Artifact struct {
			URI string `json:"uri"`
		} `json:"artifactLocation"`
		Region *sarifRegion `json:"region,omitempty"`
	}
	sarifRegion struct {
		StartLine   int `json:"startLine"`
		StartColumn int `json:"startColumn"`
	}
)

const sarifRuleID = "tokenry/access-token"

// SARIF reports finds as a document of SARIF 2.1.0 (OASIS), which is to be written
// as JSON; version is that of the program. A find's fingerprint is the token's public
// part: the same token is the same alert wherever its line moves, and no secret is
// needed to tell it from another. Columns are counted as the finds count them, in
// Unicode code points; a token that is part of a name has no region.
func SARIF(version string, finds []Shown) any {
	run := sarifRun{ColumnKind: "unicodeCodePoints", Results: make([]sarifResult, len(finds)), Tool: sarifTool{sarifDriver{
		Name: "tokenry", InformationURI: "https://github.com/tokenry/tokenry", Version: version, Rules: []sarifRule{{
			ID: sarifRuleID, Name: "AccessToken",
			Short:         sarifText{"Access token in a file"},
			Full:          sarifText{"A string with the shape and the checksum of an access token."},
			Help:          sarifText{"Revoke the token or rotate it, then take it out of the file. Taking it out alone is not enough: history keeps it."},
			Configuration: map[string]any{"level": "error"},
			Properties:    map[string]any{"tags": []string{"security"}, "security-severity": "9.0"},
		}},
	}}}
	for i, f := range finds {
		run.Results[i] = sarifResult{
			RuleID: sarifRuleID, Level: "error", Message: sarifText{"The access token " + f.Masked + " (" + f.Kind.String() + ") stands here."},
			Locations: f.locations(), Fingerprints: map[string]string{"tokenryLocator/v1": f.Locator}, Properties: f.properties(),
		}
	}
	return sarifLog{Schema: "https://json.schemastore.org/sarif-2.1.0.json", Version: "2.1.0", Runs: []sarifRun{run}}
}

// locations is where a find stands. SARIF wants a list: it is empty for what stands in
// a commit's message, which is no file.
func (f Shown) locations() []sarifLocation {
	if f.Path == "" {
		return []sarifLocation{}
	}
	var l sarifLocation
	path := f.Path
	if path == Stdin {
		path = "stdin"
	}
	l.Physical.Artifact.URI = reference(filepath.ToSlash(path))
	if f.Line > 0 {
		l.Physical.Region = &sarifRegion{f.Line, f.Column}
	}
	return []sarifLocation{l}
}

// properties are what SARIF has no word for: the commit that added the line, and what
// the server said of the token.
func (f Shown) properties() map[string]string {
	p := map[string]string{}
	if f.Commit != "" {
		p["commit"] = f.Commit
	}
	if f.State != "" {
		p["state"] = f.State
	}
	return p
}

// reference is the name of a file as a relative reference (RFC 3986, section 4.2). Two
// slashes at its beginning would make what follows a host; to a file system they are one.
func reference(name string) string {
	if strings.HasPrefix(name, "//") {
		name = "/" + strings.TrimLeft(name, "/")
	}
	return (&url.URL{Path: name}).String()
}
