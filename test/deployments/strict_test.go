package deployments_test

import (
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	securityv1 "github.com/openshift/api/security/v1"
	monitoringv1 "github.com/prometheus-operator/prometheus-operator/pkg/apis/monitoring/v1"
	admissionv1 "k8s.io/api/admissionregistration/v1"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/serializer/json"
	utilruntime "k8s.io/apimachinery/pkg/util/runtime"
)

// decode reads an object into the API's own type; a field that it does not have is an error.
func decode(t *testing.T, data []byte) runtime.Object {
	t.Helper()
	scheme := runtime.NewScheme()
	for _, add := range []func(*runtime.Scheme) error{
		admissionv1.AddToScheme, appsv1.AddToScheme, corev1.AddToScheme, rbacv1.AddToScheme, apiextensionsv1.AddToScheme,
		securityv1.Install, monitoringv1.AddToScheme, // of those who extend the API
	} {
		utilruntime.Must(add(scheme))
	}
	serializer := json.NewSerializerWithOptions(json.DefaultMetaFactory, scheme, scheme, json.SerializerOptions{Strict: true})
	o, _, err := serializer.Decode(data, nil, nil)
	if err != nil {
		t.Errorf("%v\n%s", err, data)
	}
	return o
}

// TestStrict: every object that is rendered is one of the API's, field by field.
func TestStrict(t *testing.T) {
	for _, name := range overlays(t) {
		for _, doc := range documents(t, built(t, deployments+"/overlays/"+name)) {
			decode(t, doc)
		}
	}
}

// TestFoldersForApply: `kubectl apply -f DIR` and -R -f send what ends like this, and
// so none of it may be anything but objects of the cluster.
func TestFoldersForApply(t *testing.T) {
	var seen []string
	err := filepath.WalkDir(deployments, func(path string, entry fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case entry.IsDir() && (path == deployments+"/chart" || path == deployments+"/monitoring"):
			return filepath.SkipDir
		case entry.IsDir() || !slices.Contains([]string{".yaml", ".yml", ".json"}, filepath.Ext(path)):
			return nil
		}
		data, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		for _, doc := range documents(t, data) {
			decode(t, doc)
		}
		seen = append(seen, strings.TrimPrefix(path, deployments+"/"))
		return nil
	})
	must(t, err)
	for _, path := range []string{"multus.yaml", "base/crd/network-attachment-definitions.yaml", "base/rbac/rbac.yaml"} {
		if !slices.Contains(seen, path) {
			t.Errorf("%s is not sent; seen %q", path, seen)
		}
	}
}
