"""Clinical records: FHIR bundles and phenopackets."""
