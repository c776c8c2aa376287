using MedCor.Analytics;
using MedCor.Analytics.Figures;
using MedCor.ServiceDefaults;
using MedCor.ServiceDefaults.Copies;

var builder = WebApplication.CreateBuilder(args);
builder.AddMedCorService<AnalyticsDb>("analytics", copies: typeof(KnownHospitals));
builder.Services.AddScoped<FigureBook>();

await builder.Build().RunMedCorService(args);
