package deployments_test

import (
	securityv1 "github.com/openshift/api/security/v1"
	"k8s.io/apimachinery/pkg/runtime"
)

// others are the types of those who extend the API.
func others(scheme *runtime.Scheme) error { return securityv1.Install(scheme) }
