using MedCor.Analytics;
using MedCor.Analytics.Statistics;
using MedCor.Platform;
using MedCor.Platform.LocalCopies;

var builder = WebApplication.CreateBuilder(args);
builder.AddMedCorService<AnalyticsDb>("analytics", copies: typeof(HospitalCopies));
builder.Services.AddScoped<StatisticsQueries>();

await builder.Build().RunMedCorServiceAsync(args);
