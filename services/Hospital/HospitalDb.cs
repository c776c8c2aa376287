using MedCor.Platform.Database;
using MedCor.Platform.Messaging;
using MedCor.Platform.Tenancy;
using Microsoft.EntityFrameworkCore;

namespace MedCor.Hospital;

internal sealed class HospitalDb(DbContextOptions<HospitalDb> options, TenantContext tenancy, TimeProvider clock, OutboxSignal signal)
    : TenantDb(options, tenancy, clock, signal)
{
    internal IQueryable<Hospitals.Hospital> Hospitals => Rows<Hospitals.Hospital>();
    internal IQueryable<Departments.Department> Departments => Rows<Departments.Department>();
}
