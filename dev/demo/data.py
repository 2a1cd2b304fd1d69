"""What the demonstration's company sells to whom. All of it is made up."""

LANGUAGE = 'mn_MN'

COMPANY = {
    'name': 'Хөх Тэнгэр ХХК',
    'street': 'Энхтайваны өргөн чөлөө 17',
    'street2': 'Сүхбаатар дүүрэг, 1-р хороо',
    'city': 'Улаанбаатар',
    'zip': '14200',
    'vat': '5123457',
    'phone': '+976 7000 0000',
    'email': 'info@khukhtenger.example',
    'website': 'https://khukhtenger.example',
}

ACCOUNTANT = {'login': 'accountant', 'password': 'accountant', 'name': 'Сарангэрэл Нягтлан'}
SELLER = {'login': 'seller', 'password': 'seller', 'name': 'Одончимэг Худалдагч'}
ADMIN = {'login': 'admin', 'password': 'admin', 'name': 'Тэмүүлэн Админ'}

CUSTOMERS = {
    'naran': {
        'name': 'Говийн Наран ХХК', 'is_company': True, 'street': 'Чингисийн өргөн чөлөө 8',
        'city': 'Улаанбаатар', 'email': 'sanhuu@goviinnaran.example', 'vat': '5234568',
    },
    'tal': {
        'name': 'Алтан Тал Трейд ХХК', 'is_company': True, 'street': 'Нарны зам 62',
        'city': 'Улаанбаатар', 'email': 'accounting@altantal.example', 'vat': '5345679',
    },
    'selenge': {
        'name': 'Сэлэнгэ Агро ХХК', 'is_company': True, 'street': '5-р баг, Төв гудамж 3',
        'city': 'Сүхбаатар', 'email': 'info@selengeagro.example', 'vat': '5456780',
    },
    'nomin': {
        'name': 'Ганболдын Номин-Эрдэнэ', 'street': 'Яармаг, 4-р хороо, 41-12',
        'city': 'Улаанбаатар', 'email': 'nomin@mail.example',
    },
    'dorj': {
        'name': 'Доржийн Болормаа', 'street': '13-р хороолол, 25-47',
        'city': 'Улаанбаатар', 'email': 'bolormaa@mail.example',
    },
}
# Who can sign in to the portal.
PORTAL_CUSTOMER = {'login': 'nomin', 'password': 'nomin', 'customer': 'nomin'}

# Customer, days since the invoice's date, and its lines: what, how many, tögrög for one.
INVOICES = (
    ('naran', 12, (
        ('Вэб сайтын засвар, үйлчилгээ (10-р сар)', 1, 850_000),
        ('Домэйн нэрийн сунгалт, 1 жил', 2, 45_000),
    )),
    ('nomin', 6, (
        ('Зөөврийн компьютерын засвар', 1, 120_000),
        ('SSD диск 512GB, суурилуулалтын хамт', 1, 185_000),
    )),
    ('nomin', 3, (
        ('Excel-ийн сургалт, 1 өдөр', 2, 180_000),
    )),
    ('tal', 4, (
        ('Оффисын цаас A4, 80гр (хайрцаг)', 15, 62_500),
        ('Хорны савны цэнэглэлт', 6, 38_000),
    )),
    ('dorj', 2, (('Монгол бичгийн анхан шатны сургалт', 1, 240_000),)),
    ('selenge', 1, (
        ('Сүлжээний тоног төхөөрөмж суурилуулах', 1, 1_650_000),
        ('UTP Cat6 кабель (метр)', 305, 1_800),
        ('Албан томилолтын зардал', 1, 280_000),
    )),
    ('nomin', 0, (
        ('Принтерийн суурилуулалт', 1, 35_000),
        ('USB кабель 3м', 2, 12_500),
    )),
    ('naran', 0, (('Программ хангамжийн сарын төлбөр (11-р сар)', 5, 33_000),)),
)

# What shop and till sell.
# Name, kind, price in tögrög; its tax is included.
PRODUCTS = (
    ('Гар утасны цэнэглэгч 65W', 'consu', 85_000),
    ('Компьютерын оношилгоо', 'service', 40_000),
    ('Excel-ийн сургалт, 1 өдөр', 'service', 180_000),
)
TILL = 'Гэсэр салбар'
