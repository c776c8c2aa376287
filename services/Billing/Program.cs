using MedCor.Billing;
using MedCor.ServiceDefaults;
using MedCor.ServiceDefaults.Copies;

var builder = WebApplication.CreateBuilder(args);
builder.AddMedCorService<BillingDb>("billing", copies: [typeof(KnownHospitals)]);

await builder.Build().RunMedCorService(args);
