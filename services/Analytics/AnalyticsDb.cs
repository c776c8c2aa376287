using MedCor.Analytics.Figures;
using MedCor.Analytics.People;
using MedCor.Analytics.Revenue;
using MedCor.Analytics.Visits;
using MedCor.ServiceDefaults.Copies;
using MedCor.ServiceDefaults.Messaging;
using MedCor.ServiceDefaults.Tenancy;
using Microsoft.EntityFrameworkCore;

namespace MedCor.Analytics;

internal sealed class AnalyticsDb(DbContextOptions<AnalyticsDb> options, Tenancy tenancy, TimeProvider clock, OutboxSignal signal)
    : TenantDb(options, tenancy, clock, signal)
{
    internal IQueryable<KnownHospital> Hospitals => Rows<KnownHospital>();
    internal IQueryable<Visit> Visits => Rows<Visit>();
    internal IQueryable<DoctorDay> DoctorDays => Rows<DoctorDay>();
    internal IQueryable<ReportMonth> Months => Rows<ReportMonth>();
    internal IQueryable<Person> People => Rows<Person>();
    internal IQueryable<HeadCount> HeadCounts => Rows<HeadCount>();
    internal IQueryable<Practice> Practices => Rows<Practice>();
    internal IQueryable<Specialty> Specialties => Rows<Specialty>();
    internal IQueryable<SetSchedule> Schedules => Rows<SetSchedule>();
    internal IQueryable<Invoice> Invoices => Rows<Invoice>();
}
