using MedCor.Clinical;
using MedCor.Clinical.Appointments;
using MedCor.Clinical.People;
using MedCor.ServiceDefaults;

var builder = WebApplication.CreateBuilder(args);
builder.AddMedCorService<ClinicalDb>("clinical");
builder.Services.AddScoped<KnownPeople>().AddScoped<Bookings>();

await builder.Build().RunMedCorService(args);
