using MedCor.Clinical;
using MedCor.Clinical.Audit;
using MedCor.Clinical.People;
using MedCor.Clinical.Scheduling;
using MedCor.Platform;
using MedCor.Platform.LocalCopies;

var builder = WebApplication.CreateBuilder(args);
builder.AddMedCorService<ClinicalDb>("clinical", copies: typeof(HospitalCopies));
builder.Services.AddScoped<PersonCopies>().AddScoped<DoctorAvailabilities>().AddScoped<BookingService>().AddScoped<BookingPauses>()
    .AddScoped<HospitalDayBounds>().AddScoped<ExportAuditEvents>();
builder.Services.AddOptions<AuditAlertOptions>().BindConfiguration("Clinical").ValidateDataAnnotations().ValidateOnStart();

var app = builder.Build();
app.MapBookingPauses();
ExportAuditEvents.Map(app);
await app.RunMedCorServiceAsync(args);
