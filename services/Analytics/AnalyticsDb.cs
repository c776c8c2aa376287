using MedCor.ServiceDefaults.Messaging;
using MedCor.ServiceDefaults.Tenancy;
using Microsoft.EntityFrameworkCore;

namespace MedCor.Analytics;

internal sealed class AnalyticsDb(DbContextOptions<AnalyticsDb> options, Tenancy tenancy, TimeProvider clock, OutboxSignal signal)
    : TenantDb(options, tenancy, clock, signal);
