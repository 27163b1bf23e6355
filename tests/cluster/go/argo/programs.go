//go:build programs

// Package programs holds what go.mod pins: the controller of Argo Workflows.
package programs

import _ "github.com/argoproj/argo-workflows/v4/cmd/workflow-controller"
