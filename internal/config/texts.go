package config

import (
	"bytes"
	"errors"
	"fmt"
	"io"

	"go.yaml.in/yaml/v3"
)

// texts reads a YAML file of keys and values as the texts that stand there. YAML's
// own types are not for settings: a secret of digits would become another number,
// and a name that looks like a date a time.
type texts struct{}

var errNoDocument = errors.New("not one mapping")

// Unmarshal reads one document. A value without a text is nil. The error may repeat
// what stands in the file; its line alone may be told.
func (texts) Unmarshal(b []byte) (map[string]any, error) {
	dec := yaml.NewDecoder(bytes.NewReader(b))
	var doc, more yaml.Node
	switch err := dec.Decode(&doc); {
	case errors.Is(err, io.EOF): // comments alone
		return map[string]any{}, nil
	case err != nil:
		return nil, err
	}
	root := doc.Content[0]
	if root.Kind != yaml.MappingNode || !errors.Is(dec.Decode(&more), io.EOF) {
		return nil, fmt.Errorf("line %d: %w", max(root.Line, more.Line), errNoDocument)
	}
	return mapping(root)
}

func mapping(n *yaml.Node) (map[string]any, error) {
	m := map[string]any{}
	for i := 0; i+1 < len(n.Content); i += 2 {
		key := n.Content[i]
		if _, twice := m[key.Value]; twice {
			return nil, fmt.Errorf("line %d: a key for the second time", key.Line)
		}
		value, err := value(n.Content[i+1])
		if err != nil {
			return nil, err
		}
		m[key.Value] = value
	}
	return m, nil
}

// value is a text, a list of values, or a mapping of them.
func value(n *yaml.Node) (any, error) {
	switch n.Kind {
	case yaml.MappingNode:
		return mapping(n)
	case yaml.SequenceNode:
		list := make([]any, len(n.Content))
		for i, e := range n.Content {
			var err error
			if list[i], err = value(e); err != nil {
				return nil, err
			}
		}
		return list, nil
	case yaml.ScalarNode:
		if n.Tag == "!!null" {
			return nil, nil
		}
		return n.Value, nil
	case yaml.DocumentNode, yaml.AliasNode:
	}
	return nil, fmt.Errorf("line %d: neither a text nor a list", n.Line)
}

// Marshal is asked by nobody: settings are never written.
func (texts) Marshal(map[string]any) ([]byte, error) { return nil, errors.ErrUnsupported }
