using MedCor.ServiceDefaults.Messaging;
using MedCor.ServiceDefaults.Tenancy;
using Microsoft.EntityFrameworkCore;

namespace MedCor.Billing;

internal sealed class BillingDb(DbContextOptions<BillingDb> options, Tenancy tenancy, TimeProvider clock, OutboxSignal signal)
    : TenantDb(options, tenancy, clock, signal);
