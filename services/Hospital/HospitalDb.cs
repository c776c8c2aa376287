using MedCor.Platform.Database;
using MedCor.Platform.Messaging;
using Microsoft.EntityFrameworkCore;

namespace MedCor.Hospital;

internal sealed class HospitalDb(DbContextOptions<HospitalDb> options, TimeProvider clock, OutboxSignal signal)
    : TenantDb(options, clock, signal)
{
    internal IQueryable<Hospitals.Hospital> Hospitals => Rows<Hospitals.Hospital>();
    internal IQueryable<Departments.Department> Departments => Rows<Departments.Department>();
}
