using MedCor.Identity;
using MedCor.Identity.Patients;
using MedCor.Platform.Database;

namespace MedCor.Tests.Services.Platform.Querying;

internal static class ResourceFactory
{
    /// <summary>Creates a resource of a database, for callers who act for nobody else, so that no other service is asked.</summary>
    internal static object Create(Type type, TenantDb db) => type == typeof(PatientResource)
        ? new PatientResource((IdentityDb)db, new RepresentedPatients((IdentityDb)db, tools: null!))
        : Activator.CreateInstance(type, db)!;
}
