using MedCor.Clinical;
using MedCor.Clinical.Appointments;
using MedCor.Clinical.People;
using MedCor.ServiceDefaults;
using MedCor.ServiceDefaults.Copies;

var builder = WebApplication.CreateBuilder(args);
builder.AddMedCorService<ClinicalDb>("clinical", copies: typeof(KnownHospitals));
builder.Services.AddScoped<KnownPeople>().AddScoped<Bookings>();

await builder.Build().RunMedCorService(args);
