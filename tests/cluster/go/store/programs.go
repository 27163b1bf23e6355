//go:build programs

// Package programs holds what go.mod pins: an S3 server that keeps objects as files.
package programs

import _ "github.com/versity/versitygw/cmd/versitygw"
