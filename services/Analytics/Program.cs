using MedCor.Analytics;
using MedCor.ServiceDefaults;
using MedCor.ServiceDefaults.Copies;

var builder = WebApplication.CreateBuilder(args);
builder.AddMedCorService<AnalyticsDb>("analytics", copies: [typeof(KnownHospitals), typeof(KnownUsers)]);

await builder.Build().RunMedCorService(args);
