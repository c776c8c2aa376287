using MedCor.Billing;
using MedCor.Billing.Subscriptions;
using MedCor.Platform;
using MedCor.Platform.LocalCopies;

var builder = WebApplication.CreateBuilder(args);
builder.AddMedCorService<BillingDb>("billing", copies: [typeof(HospitalCopies)]);
builder.Services.AddScoped<Ledger>().AddScoped<ActiveSubscriptions>();
builder.Services.AddHostedService<SubscriptionRenewalWorker>();

await builder.Build().RunMedCorServiceAsync(args);
