using MedCor.Clinical;
using MedCor.Clinical.Appointments;
using MedCor.Clinical.Audit;
using MedCor.Clinical.People;
using MedCor.Clinical.Schedules;
using MedCor.ServiceDefaults;
using MedCor.ServiceDefaults.Copies;

var builder = WebApplication.CreateBuilder(args);
builder.AddMedCorService<ClinicalDb>("clinical", copies: typeof(HospitalCopies));
builder.Services.AddScoped<PersonCopies>().AddScoped<BookingService>().AddScoped<BookingPauses>().AddScoped<HospitalDayBounds>();
builder.AddAudit();

var app = builder.Build();
app.MapBookingPauses();
await app.RunMedCorService(args);
