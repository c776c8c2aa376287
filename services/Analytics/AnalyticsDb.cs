using MedCor.Analytics.Appointments;
using MedCor.Analytics.People;
using MedCor.Analytics.Revenue;
using MedCor.Platform.Database;
using MedCor.Platform.LocalCopies;
using MedCor.Platform.Messaging;
using Microsoft.EntityFrameworkCore;

namespace MedCor.Analytics;

internal sealed class AnalyticsDb(DbContextOptions<AnalyticsDb> options, TimeProvider clock, OutboxSignal signal)
    : TenantDb(options, clock, signal)
{
    internal IQueryable<HospitalCopy> Hospitals => Rows<HospitalCopy>();
    internal IQueryable<AppointmentRow> Appointments => Rows<AppointmentRow>();
    internal IQueryable<DoctorDay> DoctorDays => Rows<DoctorDay>();
    internal IQueryable<ReportMonth> ReportMonths => Rows<ReportMonth>();
    internal IQueryable<PersonRow> People => Rows<PersonRow>();
    internal IQueryable<PrimarySpecialty> PrimarySpecialties => Rows<PrimarySpecialty>();
    internal IQueryable<SpecialtyRow> Specialties => Rows<SpecialtyRow>();
    internal IQueryable<ScheduleRow> Schedules => Rows<ScheduleRow>();
    internal IQueryable<HospitalPeriods> HospitalPeriods => Rows<HospitalPeriods>();
    internal IQueryable<InvoiceRow> Invoices => Rows<InvoiceRow>();
}
