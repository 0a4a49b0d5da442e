package deployments_test

import (
	"errors"

	securityv1 "github.com/openshift/api/security/v1"
	monitoringv1 "github.com/prometheus-operator/prometheus-operator/pkg/apis/monitoring/v1"
	"k8s.io/apimachinery/pkg/runtime"
)

// others are the types of those who extend the API.
func others(scheme *runtime.Scheme) error {
	return errors.Join(securityv1.Install(scheme), monitoringv1.AddToScheme(scheme))
}
