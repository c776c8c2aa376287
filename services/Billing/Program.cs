using MedCor.Billing;
using MedCor.Billing.Invoices;
using MedCor.Billing.Subscriptions;
using MedCor.ServiceDefaults;
using MedCor.ServiceDefaults.Copies;

var builder = WebApplication.CreateBuilder(args);
builder.AddMedCorService<BillingDb>("billing", copies: [typeof(KnownHospitals)]);
builder.Services.AddScoped<Ledger>().AddScoped<RunningSubscriptions>();
builder.Services.AddHostedService<RenewSubscriptions>();

await builder.Build().RunMedCorService(args);
